import { Keyboard, LogOut, Monitor, Moon, Search, Sun } from 'lucide-react'
import type { ReactElement } from 'react'
import { logOut } from '../api/connection.ts'
import { forgetAnswers, useLogin } from '../api/login-context.tsx'
import { endOwnPush } from '../api/push.ts'
import { queries } from '../api/query-client.ts'
import { type Theme, themes, useTheme } from '../lib/theme.ts'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { say, sayError } from '../ui/toasts.tsx'

const themeNames: Record<Theme, string> = { system: 'System theme', light: 'Light theme', dark: 'Dark theme' }
const themeIcons = { system: Monitor, light: Sun, dark: Moon }

async function leave(): Promise<void> {
  try {
    // Before the login ends, because the deletion needs it.
    const isEnded = await endOwnPush()
    if (!isEnded) say('Notifications may still come', 'Turn them off in the settings of the browser.')
    await logOut()
  } catch (error) {
    return sayError(error)
  }
  forgetAnswers(queries, null)
}

interface PersonMenuProps {
  trigger: ReactElement
  onShortcuts: () => void
  /** Absent: the search has a button of its own. */
  onSearch?: () => void
}

/** The theme, the help, and the way out. */
export function PersonMenu({ trigger, onShortcuts, onSearch }: PersonMenuProps) {
  const { login } = useLogin()
  const [theme, setTheme] = useTheme()
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
  const Icon = themeIcons[next]
  return (
    <Menu trigger={trigger}>
      {onSearch && (
        <MenuItem icon={<Search aria-hidden />} onSelect={onSearch}>
          Search
        </MenuItem>
      )}
      <MenuItem icon={<Icon aria-hidden />} onSelect={() => setTheme(next)}>
        {themeNames[next]}
      </MenuItem>
      <MenuItem icon={<Keyboard aria-hidden />} onSelect={onShortcuts}>
        Keyboard shortcuts
      </MenuItem>
      {login === 'key' && (
        <MenuItem icon={<LogOut aria-hidden />} onSelect={leave}>
          Log out
        </MenuItem>
      )}
    </Menu>
  )
}
