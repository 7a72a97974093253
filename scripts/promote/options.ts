// The command line of `npm run promote`.
import { Command } from 'commander'
import { FormatError } from '#harness/errors.ts'
import { parseReference, renderReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import { addExamples, parseCommand, UsageError } from '../cli/command-line.ts'
import { addJudgeInputs, judgeExamples, type JudgeInputs } from '../cli/judge-options.ts'
import { addLimit, addLogin, addReach, limitExamples, loginExamples, type Login } from '../cli/registry-options.ts'

export type PromoteCommand = JudgeInputs &
  Login & {
    readonly image: RegistryReference
    readonly channel: string
    readonly variant?: string
    readonly report?: string
  }

/** Another place than that of the verdict which the images were published on. */
export const PROMOTED_REPORT = 'report/promoted.json'

const TAG = /^\w[\w.-]{0,127}$/
/** v1, 1.11, v1.11.5-0a1b2c3d: what a person takes for a version, and so for something that never moves. */
const VERSION = /^v?\d+(?:[.-]|$)/i
/** Tags under which signatures and lists of referrers are kept. */
const RESERVED = /^sha(?:256|512)-|\.(?:sig|att|sbom)$/

const HELP = `
REFERENCE is an image in a registry, such as ghcr.io/you/talos-spin-only:v1.11.5. It is judged as npm test judges it; when
it is green, the tag CHANNEL of the same repository is moved to its very digest, and CHANNEL-assets to that of its asset
image. There is no way to move a channel to what is not green. A channel that names something else by then stays.

Exit status: 0 moved, or it was there already; 1 a must fails, 2 a must could not be judged, or the command line, the
registry. In all but the first CHANNEL stays where it was.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseOptions(args: readonly string[]): PromoteCommand | undefined {
  const command = new Command('npm run promote --')
    .description('Move a channel, a tag such as demo-stable, to an image that conforms.')
    .argument('<REFERENCE>', 'the image, by tag')
    .argument('<CHANNEL>', 'the tag to move')
    .option('--variant <NAME>', 'which variant it must be (default: its label)')
    .option('--report <FILE>', `where the verdict goes (default: ${PROMOTED_REPORT})`)
    .addHelpText('after', HELP)
  const line = 'npm run promote -- ghcr.io/you/talos-spin-only:v1.11.5 demo-stable'
  addExamples(addLogin(addLimit(addReach(addJudgeInputs(command)))), [
    `${line} --variant spin-only --report report/promoted.json`,
    ...judgeExamples(line),
    ...loginExamples(line),
    ...limitExamples(line),
  ])
  if (!parseCommand(command, args)) return undefined
  const [image = '', channel = ''] = command.args
  return {
    ...command.opts<Omit<PromoteCommand, 'image' | 'channel'>>(),
    image: parseImage(image),
    channel: checkChannel(channel),
  }
}

function parseImage(text: string): RegistryReference {
  try {
    const reference = parseReference(text)
    if (reference.kind !== 'registry')
      throw new UsageError(
        `expected an image in a registry, got ${renderReference(reference)}: npm run publish puts it there`,
      )
    if (reference.tag?.endsWith(ASSETS_SUFFIX) === true)
      throw new UsageError(`expected an installer image, got ${text}: its assets are moved along`)
    return reference
  } catch (error) {
    if (error instanceof FormatError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

function checkChannel(text: string): string {
  const fail = (why: string): UsageError =>
    new UsageError(`${JSON.stringify(text.slice(0, 140))} is no channel: ${why}`)
  if (!TAG.test(text)) throw fail('it is no tag')
  if (VERSION.test(text)) throw fail('it looks like a version, and versions never move')
  if (text.endsWith(ASSETS_SUFFIX)) throw fail('tags of that end are of asset images, which are moved along')
  if (RESERVED.test(text)) throw fail('tags of that form are for signatures')
  return text
}
