// Candidates for the selftest that are the machine configurations of several nodes.
import { projectFiles, type ProjectCounterexample } from '#fixtures/counterexamples/config/project.ts'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { configCandidate } from '../judge/candidates/machine-config.ts'
import { toProject } from '../judge/run/project.ts'
import { shippedContract, type Prepared } from './prepare.ts'

/** Edits, reads, and says which rules must fail on which line of which node. */
export async function prepareProject(example: ProjectCounterexample): Promise<Prepared> {
  const shipped = await shippedContract()
  const { files, contract } = await projectFiles(example, shipped)
  const members = Object.entries(files).map(([path, texts]) => {
    const read = parseMachineConfig(texts.map((text) => ({ path, bytes: Buffer.from(text) })))
    const config = { facts: machineConfigFacts(read), files: [{ path, sha256: '' }] }
    return configCandidate(config, { contract, lock: undefined, variant: undefined }, `${example.name} ${path}`)
  })
  const project = toProject(members, contract)
  if (project === undefined) throw new Error(`${example.name}: expected several nodes`)
  return {
    candidate: { ...project, key: `project ${example.name}` },
    members,
    expected: {
      violates: example.violates,
      inconclusive: [],
      ...(example.place !== undefined && { place: example.place }),
    },
  }
}
