import { Keyboard, LogOut, Monitor, Moon, Search, Sun } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { logOut } from '../api/connection.ts'
import { forgetAnswers, useLogin } from '../api/login-context.tsx'
import { endOwnPush } from '../api/push.ts'
import { queries } from '../api/query-client.ts'
import { type Theme, useTheme } from '../lib/theme.ts'
import { leaveUnsaved } from '../lib/unsaved.ts'
import { Menu, MenuChoice, MenuItem } from '../ui/menu.tsx'
import { say, sayError } from '../ui/toasts.tsx'

const themeOptions: readonly { value: Theme; label: string; icon: ReactNode }[] = [
  { value: 'system', label: 'System theme', icon: <Monitor aria-hidden /> },
  { value: 'light', label: 'Light theme', icon: <Sun aria-hidden /> },
  { value: 'dark', label: 'Dark theme', icon: <Moon aria-hidden /> },
]

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
  return (
    <Menu trigger={trigger}>
      {onSearch && (
        <MenuItem icon={<Search aria-hidden />} onSelect={onSearch}>
          Search
        </MenuItem>
      )}
      <MenuChoice label="Theme" options={themeOptions} value={theme} onChange={setTheme} />
      <MenuItem icon={<Keyboard aria-hidden />} onSelect={onShortcuts}>
        Keyboard shortcuts
      </MenuItem>
      {login === 'key' && (
        <MenuItem icon={<LogOut aria-hidden />} onSelect={() => leaveUnsaved(leave)}>
          Log out
        </MenuItem>
      )}
    </Menu>
  )
}
