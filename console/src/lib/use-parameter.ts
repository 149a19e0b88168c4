import { useLocation } from 'wouter'
import { useSearch } from 'wouter/use-browser-location'

type Change = (parameters: URLSearchParams) => void

/**
 * The parameters of the address' query. Not by the router's own hook: that decodes the query once more, so that paths
 * with a percent sign become others.
 */
export function useParameters(): [
  URLSearchParams,
  (change: Change, options?: { replace?: boolean }) => void,
] {
  const search = useSearch()
  const [location, navigate] = useLocation()
  const set = (change: Change, options: { replace?: boolean } = {}) => {
    const parameters = new URLSearchParams(search)
    change(parameters)
    navigate(parameters.size === 0 ? location : `${location}?${parameters}`, options)
  }
  return [new URLSearchParams(search), set]
}

/** One parameter; null: the address does not have it. */
export function useParameter(name: string): [string | null, (value: string | null) => void] {
  const [parameters, change] = useParameters()
  const set = (value: string | null) =>
    change(next => (value === null ? next.delete(name) : next.set(name, value)))
  return [parameters.get(name), set]
}
