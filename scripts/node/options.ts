// The command line of `npm run node-check`.
import { Command } from 'commander'
import { addExamples, parseCommand, parseCount, parseList, UsageError } from '../cli/command-line.ts'
import { addTermFiles, termExamples, type TermFiles } from '../cli/judge-options.ts'
import { addVerdictOptions, type VerdictOptions } from '../cli/verdict-files.ts'
import { parseNodes } from './addresses.ts'

export type NodeOptions = TermFiles &
  VerdictOptions & {
    readonly nodes?: readonly string[]
    readonly talosconfig?: string
    readonly talosctl: string
    /** Seconds that one call of talosctl may take. */
    readonly timeout: number
    readonly from?: string
    readonly collect?: string
    readonly verdict?: string
    readonly variant?: string
    readonly only?: readonly string[]
  }

/** The report beside that of `npm test`, which is about images. */
export const NODE_REPORT = 'report/node.json'

const HELP = `
With --nodes the user's talosctl is asked, of 1.11 or later, by calls that read and change nothing: \`get RESOURCE -o json\`,
\`services\` and \`version --client\`. With --from nothing is asked: DIR has what those calls printed, as RESOURCE.json (a stream
of JSON documents, node after node) and services.txt or services.NODE.txt. --collect keeps what was asked in a new DIR, without
the values of secrets, for another --from.

A node is to run the variant of --variant, of \`nodes\` in the contract, of the image that it installs, or the one whose services
it configures; else the one that its extensions are nearest to. --lock says which release and versions are right, and so does
--verdict, the report of \`npm test\` on the images: their verdict, release and versions. Without them, versions are not pinned, and a note says so. Several nodes are a cluster, whose nodes are also held against each other (NODE-060 and up,
CFG-060 and up).

Exit status: 0 conforms, 1 a must fails, 2 a must could not be judged, or a node or a file cannot be read.`

/** An hour for one call; no timer of Node is right for more than 24 days. */
const MAX_SECONDS = 3600

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseNodeOptions(args: readonly string[]): NodeOptions | undefined {
  const command = new Command('npm run node-check --')
    .description('Judge running nodes: whether each runs what was judged, and what it was told.')
    .option('--nodes <LIST>', 'addresses or names of nodes, asked through talosctl', parseNodes)
    .option('--talosconfig <FILE>', "talosctl's own configuration (default: where talosctl looks)")
    .option('--talosctl <FILE>', 'the program to ask with', 'talosctl')
    .option('--timeout <SECONDS>', 'how long one call of talosctl may take', parseCount, 30)
    .option('--from <DIR>', 'saved outputs in place of nodes')
    .option('--collect <DIR>', 'keep what the nodes said in a new folder, without secrets')
    .option('--verdict <FILE>', 'the report of the images that the nodes are to run')
    .option('--variant <NAME>', 'which variant each node is to be (default: that of the image it installs)')
    .option('--only <LIST>', 'judge only these rules, with what they need: NODE-001,NODE-020', parseList)
    .addHelpText('after', HELP)
  addVerdictOptions(addTermFiles(command), NODE_REPORT)
  addExamples(command, [
    'npm run node-check -- --nodes 192.0.2.11,192.0.2.12 --talosconfig talosconfig --lock talos-image.lock.json',
    'npm run node-check -- --nodes 192.0.2.11 --collect saved --verdict report/conformance.json',
    'npm run node-check -- --nodes 192.0.2.11 --talosctl ./talosctl-1.13 --timeout 60',
    'npm run node-check -- --from saved --variant spin-only --only NODE-001,NODE-020',
    'npm run node-check -- --from saved --json --report verdict.json',
    'npm run node-check -- --from saved --output markdown=nodes.md',
    ...termExamples('npm run node-check -- --from saved'),
  ])
  if (!parseCommand(command, args)) return undefined
  const options = command.opts<NodeOptions>()
  check(options)
  return options
}

function check({ nodes, from, collect, talosconfig, timeout }: NodeOptions): void {
  if ((nodes === undefined) === (from === undefined))
    throw new UsageError('expected either --nodes, which asks, or --from, which reads what was saved')
  if (from !== undefined && (collect ?? talosconfig) !== undefined)
    throw new UsageError('--collect and --talosconfig are for --nodes: --from asks nothing')
  if (timeout < 1 || timeout > MAX_SECONDS)
    throw new UsageError(`expected a --timeout of one to ${MAX_SECONDS} seconds, got ${timeout}`)
}
