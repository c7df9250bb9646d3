/** The process that makes as-of builds, started by `serve`. */
import { projections } from '../projections/index.js';
import { apart } from './engine/index.js';

apart.makeAsOfBuildsForParent(projections);
