/** Public as a part of the engine; here for the tests of the shop. */
export { testContext } from '../../src/engine/testing.js';
