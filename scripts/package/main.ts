// `npm pack` before and after: compiles the package into dist/ and pins every dependency in package.json, or unpins them.
import { existsSync } from 'node:fs'
import { cp, glob, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { COUNTEREXAMPLES } from '#fixtures/counterexamples/index.ts'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { SPEC_GLOB } from '../judge/run/spec-run.ts'
import { ROOT } from '../root.ts'
import { collectModules, type ShippedModule } from './modules.ts'
import { pinDependencies } from './pinned.ts'

const DIST = 'dist'
const MANIFEST = 'package.json'
/** package.json as it was, while that of the package is in its place. */
const KEPT = join(DIST, 'package.kept.json')
/** What starts the commands; the rules are the others. */
const ENTRY = 'scripts/talos-image.ts'
/** Files that modules read beside those that they import. */
const DATA = [
  'scripts/preload.mjs',
  'scripts/judge/outputs/html/{style.css,script.js}',
  'scripts/init/templates/*/{*.{json,sh,yaml,yml},talos-version,talos-images}',
  'specs/contract/{*.{json,yaml},README.md}',
  'specs/contract/{examples,schemas}/*.{json,yaml}',
  'harness/machine-config/schema/*.json',
  'fixtures/simulator/upstream/keys/*.pem',
]
const COUNTEREXAMPLES_PATH = 'fixtures/counterexamples/index.ts'
const ROOMS = ['harness', 'specs', 'build', 'fixtures']

export type PackageOptions = { readonly clean: boolean }

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parsePackageOptions(args: readonly string[]): PackageOptions | undefined {
  const command = new Command('npm run package --')
    .description(`Compile the package into ${DIST}/ and pin every dependency in ${MANIFEST}, as npm pack does.`)
    .option('--clean', `put ${MANIFEST} back as it was`, false)
  addExamples(command, ['npm run package -- --clean'])
  return parseCommand(command, args) ? command.opts<PackageOptions>() : undefined
}

/** `args` without node and script. Gives the exit status. */
export async function makePackage(args: readonly string[]): Promise<number> {
  try {
    const options = parsePackageOptions(args)
    if (options === undefined) return 0
    await putBack(ROOT)
    if (!options.clean) await writePackage(ROOT)
    return 0
  } catch (error) {
    return printFailure(error)
  }
}

async function putBack(root: string): Promise<void> {
  if (existsSync(join(root, KEPT))) await rename(join(root, KEPT), join(root, MANIFEST))
}

async function writePackage(root: string): Promise<void> {
  const { modules, data } = await collectPackage(root)
  const dist = join(root, DIST)
  await rm(dist, { recursive: true, force: true })
  for (const { path, code } of modules) await writeBelow(dist, path.replace(/\.ts$/, '.js'), code)
  for (const path of data) {
    await mkdir(dirname(join(dist, path)), { recursive: true })
    await cp(join(root, path), join(dist, path))
  }
  const manifest = await readFile(join(root, MANIFEST), 'utf8')
  const { name, version } = JSON.parse(manifest) as Record<string, string>
  const imports = Object.fromEntries(
    ROOMS.flatMap((room) => [
      [`#${room}/*.ts`, `./${room}/*.js`],
      [`#${room}/*`, `./${room}/*`],
    ]),
  )
  await writeBelow(dist, MANIFEST, `${JSON.stringify({ name, version, type: 'module', imports }, null, 2)}\n`)
  await writeFile(join(root, KEPT), manifest)
  await writeFile(
    join(root, MANIFEST),
    pinDependencies(manifest, await readFile(join(root, 'package-lock.json'), 'utf8')),
  )
}

/** What the package holds of the project in `root`: modules, and paths of data. */
export async function collectPackage(
  root: string,
): Promise<{ readonly modules: readonly ShippedModule[]; readonly data: readonly string[] }> {
  const specs = await Array.fromAsync(glob(SPEC_GLOB, { cwd: root }))
  const commands = await readFile(join(root, ENTRY), 'utf8')
  const { modules, data } = await collectModules({
    root,
    entries: [ENTRY, ...specs],
    commands: new Set([...commands.matchAll(/^ {2}'?([a-z-]+)'?: \[/gm)].map(([, name = '']) => name)),
    instead: new Map([[COUNTEREXAMPLES_PATH, counterexampleIndex()]]),
  })
  const more = await Array.fromAsync(glob(DATA, { cwd: root }))
  return { modules, data: [...new Set([...data, ...more])].filter((path) => path !== MANIFEST).toSorted() }
}

/** What `explain` says of the counterexamples, without what makes them. */
function counterexampleIndex(): string {
  const entries = COUNTEREXAMPLES.map(({ name, violates, because }) => ({ name, violates, because }))
  return `export const COUNTEREXAMPLES = ${JSON.stringify(entries)}\n`
}

async function writeBelow(folder: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
}
