// Before every script (`node --import ./scripts/preload.mjs`). Node 26 runs TypeScript by itself, three times as fast as
// tsx, which reads every package on the way as well; an older Node gets tsx, and with it as far as the sentence of
// runtime.ts that says which Node is wanted.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

// MiB of a half of the young generation, of workers most of all: with V8's 16 a hostile layer takes 420 MiB in all, not 380.
setFlagsFromString('--max-semi-space-size=4')

if (Number.parseInt(process.versions.node, 10) < 26) await import('tsx')
else {
  // Not in the folder for temporary files, where anybody could put code. The package writes nothing where it is installed.
  const isRepository = existsSync(join(import.meta.dirname, 'root.ts'))
  const { directory } = module.enableCompileCache(
    isRepository
      ? join(import.meta.dirname, '../node_modules/.cache/node-compile-cache')
      : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'talos-image-contract/node-compile-cache'),
  )
  // Workers take the folder from the environment.
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE = directory
}
