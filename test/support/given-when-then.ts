/** Public as a part of the engine; here for the tests of the shop. */
export { codeOf, given, recorded } from '../../src/engine/testing.js';
