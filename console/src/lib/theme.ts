import { useEffect } from 'react'
import { useStored } from './stored.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** The chosen theme; `system` follows the machine's. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [value, set] = useStored('theme')
  const theme = themes.find(name => name === value) ?? 'system'
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }, [theme])
  return [theme, next => set(next === 'system' ? null : next)]
}
