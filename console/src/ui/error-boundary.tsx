import { Component, type ReactNode } from 'react'
import { Button } from './button.tsx'
import { ErrorNotice } from './notices.tsx'

interface ErrorBoundaryProps {
  /** The address: at another one, the content is tried again. */
  place: string
  children: ReactNode
}

interface State {
  place: string
  /** undefined: nothing has failed. */
  error: unknown
}

/** Keeps a mistake of a screen, or a part of the page that cannot be loaded, from leaving the page empty. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, State> {
  override state: State = { place: this.props.place, error: undefined }

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error ?? new Error('unknown') }
  }

  static getDerivedStateFromProps({ place }: ErrorBoundaryProps, before: State): State | null {
    return place === before.place ? null : { place, error: undefined }
  }

  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <div className="mx-auto flex max-w-lg flex-col items-start gap-3 p-4">
        <ErrorNotice error={error} />
        <Button onClick={() => location.reload()}>Reload</Button>
      </div>
    )
  }
}
