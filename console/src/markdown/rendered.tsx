import { defaultRehypePlugins, Streamdown } from 'streamdown'
import { parts } from './markdown-parts.tsx'
import './markdown.css'

/**
 * HTML stays text: without `rehype-raw` there is nothing that would parse it. The sanitiser follows all the same, and
 * links and images are decided by our parts.
 */
const plugins = [defaultRehypePlugins.sanitize].filter(plugin => plugin !== undefined)
const elements = [
  ...Object.keys(parts).filter(name => name !== 'inlineCode'),
  'em',
  'del',
  'br',
  'pre',
  'mark',
]
const linkSafety = { enabled: false }

interface RenderedProps {
  text: string
  isStreaming: boolean
}

/** Markdown as elements of React. Is loaded when it is first needed: see `markdown.tsx`. */
export default function Rendered({ text, isStreaming }: RenderedProps) {
  return (
    <Streamdown
      className="contents"
      mode={isStreaming ? 'streaming' : 'static'}
      parseIncompleteMarkdown={isStreaming}
      rehypePlugins={plugins}
      allowedElements={elements}
      unwrapDisallowed
      components={parts}
      controls={false}
      linkSafety={linkSafety}
    >
      {text}
    </Streamdown>
  )
}
