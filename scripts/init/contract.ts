// The text of a contract: a set of variants, with where its images will be and who signs them.
import { parseDocument } from 'yaml'

export type Decisions = {
  /** Registry and namespace; undefined where nobody said. */
  readonly registry: string | undefined
  readonly talos: string
  /** Where contract and lock are kept, such as https://github.com/you/images. */
  readonly source: string | undefined
  readonly signer: { readonly publicKey: string } | { readonly workflow: string } | undefined
}

const GITHUB = 'https://github.com/'
const ISSUER = 'https://token.actions.githubusercontent.com'

/** `example` is the text of a set; `schema` where its JSON Schema is, `until` the first Talos that nothing is known of. */
export function contractText(
  example: string,
  { registry, talos, source, signer }: Decisions,
  { schema, until }: { readonly schema: string; readonly until: string },
): string {
  const document = parseDocument(example)
  const variants = Object.keys((document.toJS() as { readonly variants: object }).variants)
  document.set('talos', `>=${talos.slice(1)} <${until}`)
  if (registry !== undefined)
    for (const name of variants)
      document.setIn(
        ['variants', name, 'repositories'],
        document.createNode([`${registry}/talos-${name}`], { flow: true }),
      )
  if (source !== undefined) document.setIn(['labels', 'source'], source)
  const signers = signersOf(signer)
  document.setIn(['signing', 'signers'], document.createNode(signers))
  if (signer !== undefined && 'workflow' in signer)
    document.setIn(['signing', 'builder'], GITHUB + signer.workflow.replace(/@.*$/, ''))
  const head = [
    `# yaml-language-server: $schema=${schema}`,
    '# What you decided about your images; the facts of the Talos release are in talos-image.lock.json. What is left out has a default:',
    '# specs/contract/README.md of talos-image-contract says what else can be decided. `npx talos-image test --contract-only` checks it.',
  ]
  const note =
    signers.length === 0
      ? ['', '# signing.signers: who signs your images; until somebody does, SUP-001 is red for images in a registry.']
      : []
  return `${[...head, ...note].join('\n')}\n\n${document.toString({ lineWidth: 0 })}`
}

function signersOf(signer: Decisions['signer']): readonly object[] {
  if (signer === undefined) return []
  if ('publicKey' in signer) return [signer]
  return [{ issuer: ISSUER, subject: GITHUB + signer.workflow }]
}
