// Before every script (`node --import ./scripts/preload.mjs`). Node 26 runs TypeScript by itself, three times as fast as
// tsx, which reads every package on the way as well; an older Node gets tsx, and with it as far as the sentence of
// runtime.ts that says which Node is wanted.
import { existsSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// MiB of a half of the young generation, of workers most of all: with V8's 16 a hostile layer takes 420 MiB in all, not 380.
setFlagsFromString('--max-semi-space-size=4')

// A folder of a person that is not absolute counts as none (XDG Base Directory Specification), for packages, too: vitest
// made its own below the folder that one stands in.
for (const name of ['HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR', 'XDG_STATE_HOME'])
  if (!isAbsolute(process.env[name] ?? '/')) delete process.env[name]

const isRepository = existsSync(join(import.meta.dirname, 'root.ts'))
if (Number.parseInt(process.versions.node, 10) < 26) await import('tsx')
else {
  if (isRepository) await startFromBundle()
  try {
    const folder = cacheFolder()
    makeFolder(folder)
    const { directory } = module.enableCompileCache(folder)
    // Workers take the folder from the environment.
    if (directory !== undefined) process.env.NODE_COMPILE_CACHE = directory
  } catch {
    // Without a cache the commands start more slowly.
  }
}

/** Starts the commands from the bundle that `npm ci` makes, unless a module is another since. */
async function startFromBundle() {
  const program = pathToFileURL(join(import.meta.dirname, 'talos-image.ts')).href
  if (process.argv[1] === undefined || pathToFileURL(process.argv[1]).href !== program) return
  const { freshBundle } = await import('./bundle/fresh.ts')
  const bundle = freshBundle(fileURLToPath(new URL('..', import.meta.url)))
  if (bundle === undefined) return
  const hooks = module.registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier !== program) return nextResolve(specifier, context)
      hooks.deregister()
      return { url: pathToFileURL(bundle).href, format: 'module', shortCircuit: true }
    },
  })
}

/** Not in the folder for temporary files, where anybody could put code. The package writes nothing where it is installed. */
function cacheFolder() {
  if (isRepository) return join(import.meta.dirname, '../node_modules/.cache/node-compile-cache')
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'talos-image-contract/node-compile-cache')
}

/** As harness/bytes/folder.ts: where no folder can be made, below /proc, enableCompileCache tries for ever. */
function makeFolder(path) {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    // Another process was faster.
    if (error.code !== 'EEXIST') throw error
  }
}
