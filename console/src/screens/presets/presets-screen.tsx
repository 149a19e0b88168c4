import { Route, Switch } from 'wouter'
import { Guard } from '../../shell/guard.tsx'
import { Page } from '../../shell/page.tsx'
import { EmptyState } from '../../ui/notices.tsx'
import { NewPreset } from './new-preset.tsx'
import { NewVersion } from './new-version.tsx'
import { PresetList } from './preset-list.tsx'
import { PresetScreen } from './preset-screen.tsx'

const manage = { scopes: ['admin'], what: 'change presets', allSessions: true }

/** The presets of the tenant, and their forms. A preset cannot be called `-`. */
export default function PresetsScreen() {
  return (
    <Switch>
      <Route path="/presets" component={PresetList} />
      <Route path="/presets/-/new">
        <Guard title="New preset" {...manage}>
          <NewPreset />
        </Guard>
      </Route>
      <Route path="/presets/:name/new-version">
        {({ name }) => (
          <Guard title="New version" {...manage}>
            <NewVersion key={name} name={name} />
          </Guard>
        )}
      </Route>
      <Route path="/presets/:name">{({ name }) => <PresetScreen key={name} name={name} />}</Route>
      <Route>
        <Page title="Presets">
          <EmptyState title="There is nothing at this address">Choose a place in the navigation.</EmptyState>
        </Page>
      </Route>
    </Switch>
  )
}
