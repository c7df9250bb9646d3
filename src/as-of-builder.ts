/** The process that makes as-of builds, started by `serve`. */
import { projections } from '../projections/index.js';
import { makeAsOfBuildsForParent } from './engine/index.js';

makeAsOfBuildsForParent(projections);
