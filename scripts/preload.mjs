// Before every script (`node --import ./scripts/preload.mjs`). Node 26 runs TypeScript by itself, three times as fast as
// tsx, which reads every package on the way as well; an older Node gets tsx, and with it as far as the sentence of
// runtime.ts that says which Node is wanted.
import module from 'node:module'
import { join } from 'node:path'

if (Number.parseInt(process.versions.node, 10) < 26) await import('tsx')
else {
  // Not in the folder for temporary files, where anybody could put code. Workers take the folder from the environment.
  const { directory } = module.enableCompileCache(
    join(import.meta.dirname, '../node_modules/.cache/node-compile-cache'),
  )
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE = directory
}
