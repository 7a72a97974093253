// The page for CozyStack's user, COZYSTACK.md, command by command, against the registry that `npm run registry -- --with-upstream` serves.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { printResource, printServices, PRINTED_RESOURCES } from '#fixtures/counterexamples/node/state.ts'
import { WORKER } from '#fixtures/counterexamples/node/valid.ts'
import { ROOT } from '../root.ts'
import { commandsOf, type ShownCommand } from './shown-commands.ts'

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
/** What the node says, in the folder of a rehearsal. */
const SAVED = 'saved'
const BLOCK = /^```\n([\s\S]*?)^```/gm
const TALOSCTL = join(ROOT, 'scripts/node/testing/talosctl.sh')

/** The command lines of the page that are ours, in its order. */
export async function pageCommands(): Promise<readonly ShownCommand[]> {
  const page = await readFile(join(ROOT, 'scripts/COZYSTACK.md'), 'utf8')
  return [...page.matchAll(BLOCK)].flatMap(([, block = '']) => commandsOf(block))
}

/**
 * Runs the lines of the page in `folder`, up to the first that fails, with the namespace of the registry in the place of
 * ghcr.io/you, and behind each what a rehearsal adds: its upstream, cache, revision, and a talosctl that prints what is saved. Keys
 * and a worker's configuration are there before. `runLine` runs one: in a process of its own by default.
 */
export async function rehearse(
  program: Program,
  folder: string,
  runLine: (args: readonly string[]) => Promise<Ran> = (args) => run(program, args, folder),
): Promise<Rehearsal> {
  const registry = await startRegistry(program, folder)
  try {
    const { host, trustedRoot } = registry
    const cache = ['--cache', 'cache']
    const upstream = ['--upstream', `${host}/siderolabs`]
    const signed = ['--trusted-root', trustedRoot]
    const reference = `${host}/cozystack/cozystack/talos`
    const more: Readonly<Record<string, readonly string[]>> = {
      lock: [...cache, ...upstream, ...signed, '--reference', `${reference}:v1.11.5`],
      build: [...cache, ...upstream],
      test: cache,
      publish: [...cache, '--revision', '0123456789abcdef0123456789abcdef01234567'],
      promote: cache,
      diff: cache,
      drift: [...cache, ...upstream, ...signed, '--reference', reference],
      'node-check': ['--talosctl', TALOSCTL],
    }
    await writeKeys(folder)
    await writeNode(folder, host)
    const steps: Step[] = []
    for (const { name, args, line } of await pageCommands()) {
      const typed = args.map((word) => word.replace(NAMESPACE, `${host}/you`))
      const own = name === 'node-check' ? 'node' : name
      const { stdout, status, output } = await runLine([own, ...typed, ...(more[name] ?? [])])
      const [, file] = / > (\S+)$/.exec(line) ?? []
      if (file !== undefined) await writeFile(join(folder, file), stdout)
      steps.push({ name, status, output })
      if (status !== 0) break
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

/** The worker of the page: its configuration, and what talosctl prints of it. */
async function writeNode(folder: string, host: string): Promise<void> {
  const config = WORKER.config?.replace(/image: \S+\/spin-only:/, `image: ${host}/you/talos-spin-only:`)
  const state = { ...WORKER, ...(config !== undefined && { config }) }
  const saved = join(folder, SAVED)
  await mkdir(saved)
  await writeFile(join(folder, 'worker.yaml'), config ?? '')
  await writeFile(join(saved, 'version'), 'Client:\n\tTag:         v1.11.5\n')
  for (const name of PRINTED_RESOURCES)
    await writeFile(join(saved, `${name}.${state.address}`), printResource(name, state))
  await writeFile(join(saved, `services-table.${state.address}`), printServices(state))
  await chmod(TALOSCTL, 0o755)
}

/** Variables of the commands of a rehearsal in `folder`. */
export function rehearsalVariables(folder: string): Readonly<Record<string, string>> {
  return { FAKE_TALOSCTL: join(folder, SAVED) }
}

type Ran = Omit<Step, 'name'> & { readonly stdout: string }

async function run([command, ...words]: Program, args: readonly string[], cwd: string): Promise<Ran> {
  const env = { ...process.env, ...rehearsalVariables(cwd) }
  const child = spawn(command, [...words, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, stdout] = ['', '']
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output, stdout }
}
