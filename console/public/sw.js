// Shows what the server pushes. It caches nothing: the console is of no use without its server.
const scope = new URL(self.registration.scope)

const texts = {
  request: count => (count > 1 ? `${count} requests wait for you` : 'Something waits for you'),
  turn_ended: count => (count > 1 ? `${count} turns are done` : 'A turn is done'),
  test: () => 'Notifications work',
}

function pathOf({ kind, sessionId, permissionId }) {
  if (kind === 'request') return `inbox/${encodeURIComponent(permissionId ?? '')}`
  return sessionId === undefined ? '' : `sessions/${encodeURIComponent(sessionId)}`
}

self.addEventListener('push', event => {
  const message = event.data?.json() ?? { kind: 'test' }
  const { kind, sessionId, count = 1, waiting, title } = message
  const text = texts[kind]?.(count) ?? 'Something has happened'
  const shown = self.registration.showNotification(title ?? text, {
    body: title === undefined ? '' : text,
    // A newer message about a session takes the place of the older one.
    tag: `${kind} ${sessionId ?? ''}`,
    renotify: kind === 'request',
    icon: new URL('icon-192.png', scope).href,
    data: { path: pathOf(message) },
  })
  const badge = waiting === undefined ? undefined : self.navigator.setAppBadge?.(waiting)
  event.waitUntil(Promise.allSettled([shown, badge]))
})

async function open(path) {
  const url = new URL(path, scope).href
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const own = windows.find(client => client.url.startsWith(scope.href))
  if (!own) return self.clients.openWindow(url)
  await own.focus()
  // The page changes its place itself, so that nothing that is typed there is lost.
  own.postMessage({ type: 'open', path })
}

self.addEventListener('notificationclick', event => {
  event.notification.close()
  event.waitUntil(open(event.notification.data.path))
})
