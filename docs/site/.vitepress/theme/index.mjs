// VitePress's theme without its fonts: the reader's own are there already.
import theme from 'vitepress/theme-without-fonts';
import './contrast.css';

export default theme;
