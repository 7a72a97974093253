// Candidates for the selftest that are running nodes, one or the several of a cluster.
import { nodeOutputs, type NodeCounterexample } from '#fixtures/counterexamples/node/valid.ts'
import { observeNodes } from '#harness/talos/node/observed.ts'
import { nodeCandidate } from '../judge/nodes/candidate.ts'
import { toProject } from '../judge/run/project.ts'
import { shippedContract, type Prepared } from './prepare.ts'

/** Edits, prints, reads back, and says which rules must fail. */
export async function prepareNode(example: NodeCounterexample): Promise<Prepared> {
  const { name, of, lock, judged, edit: _edit, contract: decide = (one) => one } = example
  const contract = decide(await shippedContract())
  const observed = observeNodes(nodeOutputs(example))
  const members = observed.map((one) => {
    // Of a node without a configuration nothing but its kind says what it is to be.
    const isGateway = of.find(({ address }) => address === one.address)?.settings['tailscale'] !== undefined
    const variant = isGateway ? 'spin-tailscale' : 'spin-only'
    const key = `node ${name} ${one.address}`
    return nodeCandidate(one, key, { contract, lock, variant, judgedFor: () => judged })
  })
  const expected = { violates: example.violates, inconclusive: example.inconclusive ?? [] }
  const [candidate] = members
  const project = toProject(members, contract)
  if (candidate === undefined) throw new Error(`${name}: expected a node`)
  return project === undefined
    ? { candidate, expected }
    : { candidate: { ...project, key: `cluster ${name}` }, members, expected }
}
