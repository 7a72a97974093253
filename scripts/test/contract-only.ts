// `npm test -- --contract-only`: contract and waivers read as every command reads them, and what is in them in a few lines.
import { loadContract, loadWaivers } from '../judge/candidates/inputs.ts'
import { parsePublicKey } from '#harness/signing/signer.ts'
import { ownKernel, type Contract, type OwnExtension, type OwnKernel } from '#specs/contract/contract.ts'
import { UsageError } from '../judge/usage-error.ts'
import { printable } from '../judge/verdict/printable.ts'
import type { ConformOptions } from './options.ts'

/** Gives the exit status 0. UsageError with every finding, each with its line and column. */
export async function checkContract({ contract, waivers, references }: ConformOptions): Promise<0> {
  if (references.length > 0)
    throw new UsageError('--contract-only judges no image: leave the REFERENCE out, or leave --contract-only out')
  const { value, path } = await loadContract(contract)
  const accepted = await loadWaivers({ contract, waivers })
  const variants = Object.entries(value.variants)
  const { overlays = [] } = value
  const kernel = ownKernel(value)
  const lines = [
    `${path} is a contract of ${variants.length} variant${variants.length === 1 ? '' : 's'} for Talos ${value.talos}`,
    ...variants.flatMap(([name, { role, extensions, own = [], held = [] }]) => [
      `  ${name} (${role}): ${extensions.join(', ') || 'no extensions'}`,
      ...own.map((one) => `    ${one.name} of ${describeOwn(one)}`),
      ...held.map((one) => `    ${one.name} held back at Talos ${one.talos}`),
    ]),
    ...(kernel === undefined ? [] : [`  kernel of ${describeOwn(kernel)}`]),
    ...overlays.flatMap(describeOverlay),
    `${accepted.path} accepts ${accepted.value.length === 0 ? 'no failures' : accepted.value.map(({ id, expires }) => `${id} until ${expires}`).join(', ')}`,
  ]
  process.stdout.write(`${lines.map((line) => printable(line)).join('\n')}\n`)
  return 0
}

/** The image, who must have signed it, and what else is decided of it. */
function describeOwn(one: OwnKernel & Partial<OwnExtension>): string {
  const { image, signer, talos, modulesKey } = one
  return [
    `${image}, signed by ${renderTrusted(signer)}`,
    ...(talos === undefined ? [] : [`built for Talos ${talos}`]),
    ...(modulesKey === undefined ? [] : [`modules signed by certificate sha256:${modulesKey}`]),
  ].join(', ')
}

function describeOverlay({
  name,
  image,
  options = {},
  arguments: more = [],
}: NonNullable<Contract['overlays']>[number]) {
  const given = Object.entries(options).map(([key, option]) => `${key}=${JSON.stringify(option)}`)
  return [
    `  overlay ${name} of ${image}${given.length === 0 ? '' : `, options ${given.join(' ')}`}`,
    ...(more.length === 0 ? [] : [`    kernel arguments ${more.join(' ')}`]),
  ]
}

function renderTrusted(signer: OwnKernel['signer']): string {
  if ('publicKey' in signer) return `the key sha256:${parsePublicKey(signer.publicKey).id}`
  const subject = 'subject' in signer ? signer.subject : `/${signer.subjectPattern}/`
  return `${subject} (${signer.issuer})`
}
