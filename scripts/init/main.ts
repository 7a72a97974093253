// `npm run init -- [DIR]`: a contract of one's own, an empty lock, waivers and .gitattributes, and the next command.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { parseContract } from '#specs/contract/contract.ts'
import { LOCK_SCHEMA, lockCommand } from '#specs/contract/lock.ts'
import { UsageError } from '../cli/command-line.ts'
import { unreadable } from '../judge/usage-error.ts'
import { printFailure } from '../cli/failure.ts'
import { OWN_CONTRACT, OWN_LOCK, OWN_WAIVERS } from '../judge/candidates/own-files.ts'
import { printable } from '../judge/verdict/printable.ts'
import { ROOT } from '../root.ts'
import { schemaPath, type DocumentName } from '../schema/documents.ts'
import { contractText } from './contract.ts'
import { examplePath, SET_NAMES, type SetName } from './menu.ts'
import { parseInitOptions, UNKNOWN_TALOS, type Answers, type InitOptions } from './options.ts'
import { findOrigin, type Origin } from './origin.ts'
import { ciFiles } from './templates.ts'
import { ask, DEFAULT_TALOS, defaultsOf, UnansweredError } from './questions.ts'

const ATTRIBUTES = '.gitattributes'
const WAIVERS = `# Failures that somebody accepted until a date. One that is not needed, or is over, turns the run red.
#   - id: EXT-016
#     variant: spin-only        # left out: every variant
#     reason: why it is accepted, and what ends it
#     expires: 2027-01-31       # the last day, UTC
waivers: []
`
const ATTRIBUTE_LINES = `${OWN_CONTRACT} text eol=lf
${OWN_WAIVERS} text eol=lf
${OWN_LOCK} text eol=lf linguist-generated=true
`

/** `args` without node and script. Gives the exit status. */
export async function init(args: readonly string[]): Promise<number> {
  try {
    const options = parseInitOptions(args)
    if (options === undefined) return 0
    const { folder } = options
    refuseExisting(folder, [OWN_CONTRACT, OWN_LOCK, OWN_WAIVERS])
    const origin = await findOrigin(folder)
    const { talos = DEFAULT_TALOS, ...answers } = await decide(options, origin)
    const ci = await ciFiles(options.ci, {
      registry: answers.registry === '' ? undefined : answers.registry,
      talos,
      workflow: answers.workflow,
    })
    refuseExisting(folder, [...ci.keys()])
    const files = new Map([...(await filesOf(folder, { talos, ...answers }, origin)), ...ci])
    for (const [name, text] of files) {
      const path = join(folder, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text, { flag: 'wx', mode: name.endsWith('.sh') ? 0o755 : 0o644 })
    }
    process.stdout.write(closing(folder, files, { talos, ...answers }))
    return 0
  } catch (error) {
    const status = printFailure(error)
    return error instanceof UnansweredError ? error.status : status
  }
}

/** UsageError naming every file that would be overwritten. */
function refuseExisting(folder: string, names: readonly string[]): void {
  const there = names.filter((name) => existsSync(join(folder, name)))
  if (there.length > 0)
    throw new UsageError(`${there.map((name) => join(folder, name)).join(', ')}: there already, and never overwritten`)
}

async function decide(options: InitOptions, origin: Origin | undefined): Promise<Answers> {
  const { yes, key, workflow } = options
  if (key !== undefined && workflow !== undefined)
    throw new UsageError('--key and --workflow both say who signs: give one of them')
  const defaults = defaultsOf(origin)
  if (!yes && !process.stdin.isTTY)
    throw new UsageError('there is no terminal to ask at: --yes takes the default of what no option says')
  if (!yes) return ask(options, defaults)
  return key === undefined ? { ...defaults, ...options } : { registry: defaults.registry ?? '', ...options }
}

async function filesOf(
  folder: string,
  { registry, talos, variants = SET_NAMES[0], key, workflow }: Answers & { readonly talos: string },
  origin: Origin | undefined,
): Promise<ReadonlyMap<string, string>> {
  const signer = key === undefined ? workflow && { workflow } : { publicKey: await readKey(key) }
  const text = contractText(
    await readFile(examplePath(variants ?? 'spin'), 'utf8'),
    {
      registry: registry === '' ? undefined : registry,
      talos,
      source: origin && `https://github.com/${origin.owner}/${origin.repository}`,
      signer: signer === '' ? undefined : signer,
    },
    { schema: await schemaOf(folder, 'contract'), until: UNKNOWN_TALOS },
  )
  parseContract(Buffer.from(text), OWN_CONTRACT)
  const lock = { $schema: await schemaOf(folder, 'lock'), schema: LOCK_SCHEMA }
  const isAttributed = existsSync(join(folder, ATTRIBUTES))
  return new Map([
    [OWN_CONTRACT, text],
    [OWN_LOCK, `${JSON.stringify(lock, null, 2)}\n`],
    [OWN_WAIVERS, `# yaml-language-server: $schema=${await schemaOf(folder, 'waivers')}\n${WAIVERS}`],
    ...(isAttributed ? [] : [[ATTRIBUTES, ATTRIBUTE_LINES] as const]),
  ])
}

async function readKey(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw unreadable(`the key ${path}`, cause)
  })
  if (!text.startsWith('-----BEGIN PUBLIC KEY-----\n'))
    throw new UsageError(`${path} is no public key in PEM; cosign writes it as cosign.pub`)
  return text
}

/** The schema of the package, where it is installed in the folder, or of its version in the registry of npm. */
async function schemaOf(folder: string, name: DocumentName): Promise<string> {
  const path = relative(folder, join(ROOT, schemaPath(name)))
  if (path.split(sep)[0] === 'node_modules') return `./${path.split(sep).join('/')}`
  const text = await readFile(join(ROOT, 'package.json'), 'utf8')
  const { name: own, version } = JSON.parse(text) as { readonly name: string; readonly version: string }
  return `https://unpkg.com/${own}@${version}/dist/${schemaPath(name)}`
}

function closing(
  folder: string,
  files: ReadonlyMap<string, string>,
  { talos, registry, variants = SET_NAMES[0], key, workflow }: Answers & { readonly talos: string },
): string {
  const go = folder === '.' ? '' : `cd ${folder} && `
  const lines = [
    `written: ${[...files.keys()].map((name) => join(folder, name)).join(', ')}`,
    ...(files.has(ATTRIBUTES)
      ? []
      : [
          `${join(folder, ATTRIBUTES)} is there already; these lines belong into it:`,
          ...ATTRIBUTE_LINES.trim()
            .split('\n')
            .map((line) => `  ${line}`),
        ]),
    ...notesOf(variants ?? 'spin'),
    ...(registry === undefined || registry === ''
      ? ['no registry was named: --registry, or `repositories` of each variant, says where nodes install from']
      : []),
    ...(key === undefined && workflow === undefined ? ['nobody signs yet: name who does under `signing.signers`'] : []),
    'The lock is empty: a verdict is exit 2 until it is filled. Next:',
    `  ${go}${lockCommand(talos)}`,
    `  ${go}npx talos-image test REFERENCE`,
  ]
  return `${lines.map((line) => printable(line)).join('\n')}\n`
}

function notesOf(variants: SetName): readonly string[] {
  if (variants !== 'cozystack') return []
  return [
    'amd-ucode and intel-ucode are left out: microcode for x86, which an arm64 kernel never loads; amdgpu and i915 are empty on arm64',
  ]
}
