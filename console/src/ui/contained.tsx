import { Component, type ReactNode } from 'react'

interface ContainedProps {
  /** Is shown in place of what failed. */
  fallback: ReactNode
  /** Another one is another try. */
  place?: string
  children: ReactNode
}

/** Keeps what fails while it is drawn from taking the page with it. */
export class Contained extends Component<ContainedProps, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override componentDidUpdate(before: ContainedProps) {
    if (this.state.hasFailed && before.place !== this.props.place) this.setState({ hasFailed: false })
  }

  override render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children
  }
}
