import { useLocation } from 'wouter'
import { useSearch } from 'wouter/use-browser-location'

/**
 * A parameter of the address' query. Not by the router's own hook: that decodes the query once more, so that paths
 * with a percent sign become others.
 */
export function useParameter(name: string): [string | null, (value: string | null) => void] {
  const search = useSearch()
  const [location, navigate] = useLocation()
  const set = (value: string | null) => {
    const parameters = new URLSearchParams(search)
    if (value === null) parameters.delete(name)
    else parameters.set(name, value)
    navigate(parameters.size === 0 ? location : `${location}?${parameters}`)
  }
  return [new URLSearchParams(search).get(name), set]
}
