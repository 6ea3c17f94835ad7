/** A file as text: the bundler and the tests' runner both read `?raw` so. */
declare module '*?raw' {
  const text: string;
  export default text;
}
