/**
 * Imported before pdfjs, which makes a matrix when it is loaded and would take it from a native canvas. Nothing is drawn
 * here, so neither is needed: native code stays out of the process that reads strangers' files.
 */
Object.assign(globalThis, { DOMMatrix: Object, ImageData: Object, Path2D: Object });
