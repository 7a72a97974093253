// Extension services: siderolabs/talos pkg/machinery/extensions/services. A machine waits up to 70 minutes for each,
// then reboots (v1alpha1_sequencer_tasks.go, StartAllServices).
import {
  SERVICE_SPEC_PATH,
  readServiceSpec,
  waitsFor,
  type ServiceSpec,
} from '#harness/talos/extension/service-spec.ts'
import type { Extensions } from '#harness/talos/extensions.ts'
import { machineOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { filesOf, openExtensions, openLayers } from './layers.ts'
import { hostTree, whyNotStarted } from './start.ts'
import { unmetWaits } from './waits.ts'

const MAX_SERVICE_BYTES = 1 << 20

async function readServices(extensions: Extensions): Promise<readonly ServiceSpec[]> {
  const files = filesOf(await openExtensions(extensions), (path) => SERVICE_SPEC_PATH.test(path))
  return Promise.all(files.map(({ data }) => readServiceSpec(data, MAX_SERVICE_BYTES)))
}

test(
  ...must('EXT-014', 'every extension service specification is valid and uniquely named', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-005'],
    fix: 'correct the specification: Talos only logs an invalid one, and the service silently does not exist',
  }),
  async ({ extensions, judge }) => {
    const names = (await readServices(extensions)).map(({ name }) => name)
    judge(names, extensions.where).toEqual([...new Set(names)])
  },
)

test(
  ...must(
    'EXT-015',
    'every service that waits before it starts is satisfied by the machine configuration its variant declares',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-014'],
      fix: 'declare the configuration, the kernel module or the path of the hardware in the contract and give it to the nodes, or leave the extension out',
    },
  ),
  async ({ extensions, contract, variant, quirks, judge }) => {
    const services = await readServices(extensions)
    const waiting = services.map((service) => ({ name: service.name, waits: waitsFor(service) }))
    const { services: always, optionalServices, pathsOfEveryMachine: paths } = quirks
    const promises = { services: always, optionalServices, paths, variant, contract }
    judge(unmetWaits(waiting, promises), extensions.where).toEqual([])
  },
)

test(
  ...must(
    'EXT-023',
    'every service can start: its root folder is there, and its entrypoint leads, mounts counted, to an aarch64 program or to a script whose interpreter is there',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-004', 'EXT-013', 'EXT-014', 'INI-003', 'EXT-025'],
      fix: 'name the service as the folder below usr/local/lib/containers, and put its program there: Talos waits 70 minutes for it, then reboots',
    },
  ),
  async ({ extensions, rootfs, contract, judge }) => {
    const host = hostTree(await rootfs.tree(), await openLayers(extensions))
    const reasons = await Promise.all(
      (await readServices(extensions)).map(async (service) => {
        const reason = await whyNotStarted(service, host, machineOf(contract))
        return reason === undefined ? [] : [`${service.name}: ${reason}`]
      }),
    )
    judge(reasons.flat(), extensions.where).toEqual([])
  },
)
