import { Component, type ReactNode } from 'react'

interface ContainedProps {
  /** Is shown in place of what failed. */
  fallback: ReactNode
  children: ReactNode
}

/** Keeps a piece of foreign content that fails while it is drawn from taking the page with it. */
export class Contained extends Component<ContainedProps, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children
  }
}
