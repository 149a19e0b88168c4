import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App, loadAhead } from './app.tsx'
import { watchMoves } from './lib/unsaved.ts'
import './styles.css'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element with the id root')
loadAhead()
watchMoves()
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
