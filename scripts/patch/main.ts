// A patch, top to bottom: options, contract and lock, the image, the documents.
import { stringify } from 'yaml'
import { MINORS, minorOfTag } from '#harness/machine-config/schema/schema.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { releaseTags } from '#specs/contract/tags.ts'
import { UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { loadContract, loadLock } from '../judge/candidates/inputs.ts'
import { patchDocuments } from './documents.ts'
import { networkBoot, type NetworkBoot } from './network-boot.ts'
import { parsePatchOptions, type PatchOptions } from './options.ts'

const DEFAULT_PODS = ['10.244.0.0/16']
const DEFAULT_SERVICES = ['10.96.0.0/12']

/** `args` without node and script. Gives the exit status; prints the patch. */
export async function patch(args: readonly string[]): Promise<number> {
  try {
    const options = parsePatchOptions(args)
    if (options === undefined) return 0
    process.stdout.write(await renderPatch(options))
    return 0
  } catch (error) {
    return printFailure(error)
  }
}

async function renderPatch(options: PatchOptions): Promise<string> {
  const { variant: name, nodes = [], pods = DEFAULT_PODS, services = DEFAULT_SERVICES, controlPlane = false } = options
  const { value: contract } = await loadContract(options.contract)
  const lock = (await loadLock(options.lock))?.value
  const variant = contract.variants[name]
  if (variant === undefined)
    throw new UsageError(`unknown variant ${name}; defined: ${Object.keys(contract.variants).join(', ')}`)
  const boot = bootOf(options)
  if (boot !== undefined) return networkBoot(boot, name, talosOf(options.talos ?? lock?.talos), contract)
  if (variant.role === 'gateway' && nodes.length === 0)
    throw new UsageError("a gateway needs --nodes: without it the node may take tailscale's address for its own")
  const image = options.image ?? imageOf(name, contract, lock)
  const tag = options.talos ?? lock?.talos ?? /:(v\d+\.\d+\.\d+[^@/]*)/.exec(image)?.[1]
  const minor = minorOfTag(talosOf(tag))
  if (minor === undefined) throw unknownTalos()
  return patchDocuments({ contract, variant, image, minor, nodes, pods, services, isControlPlane: controlPlane })
    .map((document) => stringify(document, { lineWidth: 0 }))
    .join('---\n')
}

function bootOf({ ipxe, matchbox }: PatchOptions): NetworkBoot | undefined {
  if (ipxe !== undefined) return { form: 'ipxe', assets: ipxe }
  return matchbox === undefined ? undefined : { form: 'matchbox', assets: matchbox }
}

/** UsageError for a release whose minor is not known. */
function talosOf(tag: string | undefined): string {
  if (tag === undefined || minorOfTag(tag) === undefined) throw unknownTalos()
  return tag
}

function unknownTalos(): UsageError {
  return new UsageError(`say for which Talos it is, with --talos (${MINORS.map((one) => `v${one}.0`).join(', ')})`)
}

/** The repository that the contract names, by the tag that never names other bytes. */
function imageOf(name: string, contract: Contract, lock: Lock | undefined): string {
  const [repository] = contract.variants[name]?.repositories ?? []
  if (repository === undefined || lock?.talos === undefined)
    throw new UsageError(
      `say what the nodes install, with --image ghcr.io/you/talos-${name}:v1.11.5: the contract names no repository of the variant, or no lock names a release`,
    )
  return `${repository}:${releaseTags('installer', { ...lock, talos: lock.talos }, contract).immutableTag}`
}
