import { isValidElement, type JSX, type ReactNode } from 'react'
import { type Components, type ExtraProps, useIsCodeFenceIncomplete } from 'streamdown'
import { CodeBlock } from '../code/code-block.tsx'
import { revealText } from '../lib/revealed-text.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { SafeLink } from './safe-link.tsx'

type Props<Name extends keyof JSX.IntrinsicElements> = JSX.IntrinsicElements[Name] & ExtraProps

/** All headings have one level, which follows that of the turn, whatever the text says. */
function Heading({ children }: Props<'h1'>) {
  return <h3>{children}</h3>
}

function Fence({ className, children }: Props<'code'>) {
  const isPartial = useIsCodeFenceIncomplete()
  const language = /language-(\S+)/.exec(className ?? '')?.[1] ?? null
  const code = textOf(children).replace(/\n$/, '')
  return <CodeBlock code={code} language={language} label={language ?? 'text'} isPartial={isPartial} />
}

function InlineCode({ children }: Props<'code'>) {
  return <code className="inline">{revealText(textOf(children))}</code>
}

function textOf(children: ReactNode): string {
  if (typeof children === 'string') return children
  if (Array.isArray(children)) return children.map(textOf).join('')
  return isValidElement<{ children?: ReactNode }>(children) ? textOf(children.props.children) : ''
}

/** Images are never loaded: their address would tell its owner who reads. */
function Picture({ alt, src }: Props<'img'>) {
  const text = `Image: ${alt || 'without description'}`
  return typeof src === 'string' ? <SafeLink href={src}>{text}</SafeLink> : <span>{text}</span>
}

function Table({ children }: Props<'table'>) {
  return (
    <ScrollRegion label="Table" className="max-w-full">
      <table>{children}</table>
    </ScrollRegion>
  )
}

function Checkmark({ checked }: Props<'input'>) {
  return (
    <span role="img" aria-label={checked ? 'Done' : 'To do'}>
      {checked ? '☑' : '☐'}
    </span>
  )
}

/** The component of each element of a text; elements that are not listed are dropped. */
export const parts: Components = {
  a: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  blockquote: ({ children }) => <blockquote dir="auto">{children}</blockquote>,
  code: Fence,
  inlineCode: InlineCode,
  h1: Heading,
  h2: Heading,
  h3: Heading,
  h4: Heading,
  h5: Heading,
  h6: Heading,
  hr: () => <hr />,
  img: Picture,
  input: Checkmark,
  li: ({ children, className }) => (
    <li dir="auto" className={className?.includes('task-list-item') ? 'task-list-item' : undefined}>
      {children}
    </li>
  ),
  ol: ({ children, start }) => <ol start={start}>{children}</ol>,
  p: ({ children }) => <p dir="auto">{children}</p>,
  section: ({ children }) => <div className="text-xs">{children}</div>,
  strong: ({ children }) => <strong>{children}</strong>,
  sub: ({ children }) => <sub>{children}</sub>,
  sup: ({ children }) => <sup>{children}</sup>,
  table: Table,
  tbody: ({ children }) => <tbody>{children}</tbody>,
  td: ({ children }) => <td dir="auto">{children}</td>,
  th: ({ children }) => <th dir="auto">{children}</th>,
  thead: ({ children }) => <thead>{children}</thead>,
  tr: ({ children }) => <tr>{children}</tr>,
  ul: ({ children }) => <ul>{children}</ul>,
}
