/**
 * Takes the place of `rehype-raw` in the build, which Streamdown imports with 40 KB of HTML parser: HTML stays text
 * here, so nothing calls it.
 */
export default function noHtmlParser(): never {
  throw new Error('the console parses no HTML')
}
