// The release of README.md, command by command, against the registry that `npm run registry -- --with-upstream` serves.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../root.ts'
import { commandsOf } from './shown-commands.ts'

/** A program and the words before a command's name. */
export type Program = readonly [command: string, ...args: string[]]

/** The commands of this clone. */
export const OF_CLONE: Program = [
  process.execPath,
  '--import',
  join(ROOT, 'scripts/preload.mjs'),
  join(ROOT, 'scripts/talos-image.ts'),
]

type Step = { readonly name: string; readonly status: number | null; readonly output: string }

type Rehearsal = {
  /** `127.0.0.1:41234`, where upstream is and what is published goes. */
  readonly host: string
  readonly steps: readonly Step[]
}

const NAMESPACE = 'ghcr.io/you'
const SECTION = /^## Build yours\n+```\n([\s\S]*?)^```/m

/**
 * Runs the lines of the README in `folder`, up to the first that fails, with the namespace of the registry in the place of
 * ghcr.io/you, and behind each what a rehearsal adds: its upstream, cache and revision. The keys are there before.
 */
export async function rehearse(program: Program, folder: string): Promise<Rehearsal> {
  const [, block = ''] = SECTION.exec(await readFile(join(ROOT, 'README.md'), 'utf8')) ?? []
  const registry = await startRegistry(program, folder)
  try {
    const { host, trustedRoot } = registry
    const cache = ['--cache', 'cache']
    const upstream = ['--upstream', `${host}/siderolabs`]
    const reference = ['--reference', `${host}/cozystack/cozystack/talos:v1.11.5`]
    const more: Readonly<Record<string, readonly string[]>> = {
      lock: [...cache, ...upstream, '--trusted-root', trustedRoot, ...reference],
      build: [...cache, ...upstream],
      test: cache,
      publish: [...cache, '--revision', '0123456789abcdef0123456789abcdef01234567'],
      promote: cache,
    }
    await writeKeys(folder)
    const steps: Step[] = []
    for (const { name, args } of commandsOf(block)) {
      const typed = args.map((word) => word.replace(NAMESPACE, `${host}/you`))
      const outcome = await run(program, [name, ...typed, ...(more[name] ?? [])], folder)
      steps.push({ name, ...outcome })
      if (outcome.status !== 0) break
    }
    return { host, steps }
  } finally {
    await registry.close()
  }
}

type Served = { readonly host: string; readonly trustedRoot: string; close(): Promise<void> }

async function startRegistry([command, ...words]: Program, folder: string): Promise<Served> {
  const child = spawn(command, [...words, 'registry', '--with-upstream', '1.11'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  for await (const line of createInterface(child.stdout)) {
    const [, host, trustedRoot] = /--upstream (\S+)\/siderolabs --trusted-root (\S+)$/.exec(line) ?? []
    if (host === undefined || trustedRoot === undefined) continue
    return {
      host,
      trustedRoot,
      async close() {
        child.kill()
        await ended
      },
    }
  }
  throw new Error('expected the registry to say how upstream is read')
}

/** As `cosign generate-key-pair` names them. */
async function writeKeys(folder: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  await writeFile(join(folder, 'cosign.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await writeFile(join(folder, 'cosign.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
}

async function run([command, ...words]: Program, args: readonly string[], cwd: string): Promise<Omit<Step, 'name'>> {
  const child = spawn(command, [...words, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output }
}
