// The command line of `init`.
import { Command, InvalidArgumentError } from 'commander'
import semver from 'semver'
import { addExamples, parseCommand, parseList } from '../cli/command-line.ts'
import { isSetName, SET_NAMES, SETS, type SetName } from './menu.ts'
import { CI_NAMES, CI_SYSTEMS, type CiSystem } from './templates.ts'

/** The decisions, each undefined where it was not given. */
export type Answers = {
  readonly registry?: string
  readonly talos?: string
  readonly variants?: SetName
  /** A file with a public key in PEM. */
  readonly key?: string
  /** `OWNER/REPOSITORY/.github/workflows/FILE@REF`. */
  readonly workflow?: string
}

export type InitOptions = Answers & {
  readonly folder: string
  readonly yes: boolean
  /** The systems of CI that files are written for. */
  readonly ci: readonly CiSystem[]
}

const FIRST_TALOS = '1.11.0'
/** The first release of which nothing is known. */
export const UNKNOWN_TALOS = '1.15.0'

const HELP = `
Sets of variants:
${SET_NAMES.map((name) => `  ${name.padEnd(10)} ${SETS[name]}`).join('\n')}

Systems of --ci:
${CI_NAMES.map((name) => `  ${name.padEnd(10)} ${CI_SYSTEMS[name]}`).join('\n')}

Writes talos-image.yaml (the contract), talos-image.lock.json (empty: no verdict is green until it is filled), waivers.yaml and
.gitattributes, and says the next command. Overlays of boards, extensions and a kernel of your own are added by hand: every field is
described in specs/contract/README.md of this project. What is there already is never overwritten. Without --yes, what no option says is
asked for.

Exit status: 0 written, 2 the command line is wrong, or a file is there already.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseInitOptions(args: readonly string[]): InitOptions | undefined {
  const command = new Command('npm run init --')
    .description('Write a contract of your own, and what belongs beside it.')
    .argument('[DIR]', 'the folder (default: this one)')
    .option(
      '--registry <NAMESPACE>',
      'where your images will be: ghcr.io/you (default: that of the origin on GitHub)',
      parseRegistry,
    )
    .option('--talos <TAG>', 'the Talos release, such as v1.13.9', parseTalos)
    .option('--variants <SET>', `one of ${SET_NAMES.join(', ')}`, parseSet)
    .option('--key <FILE>', 'the public key, in PEM, of whoever signs the images')
    .option(
      '--workflow <IDENTITY>',
      'the GitHub workflow that signs: you/images/.github/workflows/talos-image.yaml@refs/heads/main',
      parseWorkflow,
    )
    .option('--ci <LIST>', `also what runs it in CI: some of ${CI_NAMES.join(', ')}`, parseCi, [])
    .option('--yes', 'ask nothing: the default of whatever no option says', false)
    .addHelpText('after', HELP)
  addExamples(command, [
    'npm run init -- --yes',
    'npm run init -- images --registry ghcr.io/you --talos v1.13.9 --variants storage --key cosign.pub --yes',
    'npm run init -- --yes --ci github,renovate',
    'npm run init -- --variants spin --workflow you/images/.github/workflows/talos-image.yaml@refs/heads/main',
  ])
  if (!parseCommand(command, args)) return undefined
  return { ...command.opts<Omit<InitOptions, 'folder'>>(), folder: command.args[0] ?? '.' }
}

export function parseRegistry(text: string): string {
  if (!/^[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+$/.test(text))
    throw new InvalidArgumentError('expected a registry and a namespace, such as ghcr.io/you.')
  return text
}

export function parseTalos(text: string): string {
  const version = /^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(text) ? semver.parse(text) : null
  const isKnown = version !== null && semver.gte(version, FIRST_TALOS) && semver.lt(version, `${UNKNOWN_TALOS}-0`)
  if (!isKnown)
    throw new InvalidArgumentError(`expected a tag of Talos from v${FIRST_TALOS} up to, not with, v${UNKNOWN_TALOS}.`)
  return text
}

export function parseSet(text: string): SetName {
  if (!isSetName(text)) throw new InvalidArgumentError(`expected one of ${SET_NAMES.join(', ')}.`)
  return text
}

export function parseWorkflow(text: string): string {
  if (!/^[\w.-]+\/[\w.-]+\/\.github\/workflows\/[\w.-]+\.ya?ml@refs\/\S+$/.test(text))
    throw new InvalidArgumentError('expected OWNER/REPOSITORY/.github/workflows/FILE@refs/heads/BRANCH.')
  return text
}

function parseCi(text: string): readonly CiSystem[] {
  const names = [...new Set(parseList(text))]
  const known = CI_NAMES.filter((name) => names.includes(name))
  if (known.length < names.length) throw new InvalidArgumentError(`expected some of ${CI_NAMES.join(', ')}.`)
  return known
}
