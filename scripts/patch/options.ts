// The command line of `npm run patch`.
import { Command, InvalidArgumentError } from 'commander'
import { addExamples, parseCommand, parseList, UsageError } from '../cli/command-line.ts'
import { contractOption } from '../cli/judge-options.ts'

export type PatchOptions = {
  readonly variant: string
  readonly image?: string
  readonly talos?: string
  readonly nodes?: readonly string[]
  readonly pods?: readonly string[]
  readonly services?: readonly string[]
  readonly controlPlane?: boolean
  /** URLs of the asset tree: in the place of the patch, what boots a node from there. */
  readonly ipxe?: string
  readonly matchbox?: string
  readonly contract?: string
  readonly lock?: string
}

const HELP = `
The patch goes to standard output, for \`talosctl machineconfig patch\`, talm's node files or talhelper. It holds no secret:
\${TS_AUTHKEY} is filled in when the configuration is applied. A gateway needs --nodes: without the subnet of the nodes
kubelet and etcd may take tailscale's address.

Exit status: 0 written, 2 the command line, the contract or the lock is wrong.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parsePatchOptions(args: readonly string[]): PatchOptions | undefined {
  const command = new Command('npm run patch --')
    .description('Write the machine configuration patch that the contract promises for the nodes of a variant.')
    .requiredOption('--variant <NAME>', 'of which variant the nodes are')
    .option('--image <REFERENCE>', 'what they install (default: the repository of the contract, by immutable tag)')
    .option('--talos <VERSION>', 'for which Talos, such as v1.13.9 (default: that of the lock)')
    .option('--nodes <SUBNETS>', 'subnets of the nodes: 192.0.2.0/24', parseList)
    .option('--pods <SUBNETS>', 'pod subnets of the cluster (default: 10.244.0.0/16)', parseList)
    .option('--services <SUBNETS>', "service subnets of the cluster (default: Talos' own, 10.96.0.0/12)", parseList)
    .option(
      '--control-plane',
      'the nodes are control planes: with `cozystack: true` no CNI, kube-proxy or discovery of Talos',
    )
    .option('--ipxe <URL>', 'print a script of iPXE that boots the asset tree at this URL, no patch', parseUrl)
    .option('--matchbox <URL>', 'print a profile of matchbox that boots the asset tree at this URL, no patch', parseUrl)
    .addOption(contractOption())
    .option(
      '--lock <FILE>',
      'facts of the upstream release (default: talos-image.lock.json, or specs/contract/upstream.lock.json)',
    )
    .addHelpText('after', HELP)
  addExamples(command, [
    'npm run patch -- --variant spin-only --talos v1.13.9 --image ghcr.io/you/talos-spin-only:v1.13.9',
    'npm run patch -- --variant spin-tailscale --nodes 192.0.2.0/24 --pods 10.244.0.0/16 --services 10.96.0.0/12',
    'npm run patch -- --variant spin-only --talos v1.13.9 --ipxe http://192.0.2.2:8080/assets/talos/arm64',
    'npm run patch -- --variant spin-only --talos v1.13.9 --matchbox http://192.0.2.2:8080/assets/talos/arm64',
    'npm run patch -- --variant spin-only --contract my.yaml --lock my.lock.json --control-plane',
  ])
  if (!parseCommand(command, args)) return undefined
  const options = command.opts<PatchOptions>()
  if (options.ipxe !== undefined && options.matchbox !== undefined)
    throw new UsageError('--ipxe and --matchbox both print what boots a node: give one of them')
  return options
}

/** Neither iPXE nor matchbox can be given a blank in it. */
function parseUrl(text: string): string {
  if (!/^https?:\/\/[^\s"\\${}]+$/.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('expected a URL of http or https.')
  return text
}
