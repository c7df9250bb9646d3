import { render } from 'preact';
import { Console } from './console.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/screens.css';
import 'uplot/dist/uPlot.min.css';

render(<Console />, document.getElementById('console') as HTMLElement);
