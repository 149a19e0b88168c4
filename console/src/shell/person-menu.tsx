import { CircleUser, Keyboard, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { logOut } from '../api/connection.ts'
import { forgetAnswers, useLogin } from '../api/login-context.tsx'
import { queries } from '../api/query-client.ts'
import { type Theme, themes, useTheme } from '../lib/theme.ts'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { sayError } from '../ui/toasts.tsx'

const themeNames: Record<Theme, string> = { system: 'System theme', light: 'Light theme', dark: 'Dark theme' }
const themeIcons = { system: Monitor, light: Sun, dark: Moon }

export async function leave(): Promise<void> {
  try {
    await logOut()
  } catch (error) {
    return sayError(error)
  }
  forgetAnswers(queries, null)
}

/** Who is logged in, the theme, and the way out. */
export function PersonMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { caller, login } = useLogin()
  const [theme, setTheme] = useTheme()
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
  const Icon = themeIcons[next]
  return (
    <div className="border-t border-line p-2">
      <Menu
        trigger={
          <button
            type="button"
            className="flex h-9 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover"
          >
            <CircleUser aria-hidden className="size-4 shrink-0" />
            <bdi className="truncate">{caller.name ?? caller.keyId}</bdi>
          </button>
        }
      >
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
    </div>
  )
}
