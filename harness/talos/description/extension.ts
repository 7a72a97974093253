// Describes one extension, published or as a layer of an image.
import { readAll } from '../../bytes/source.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import { parseContainerdConfig } from '../../formats/text/containerd-config.ts'
import { FIRMWARE_FOLDER, readExtensionContent } from '../extension/content.ts'
import type { ExtensionMetadata } from '../extension/extension.ts'
import { MODULES_FOLDER } from '../modules.ts'
import { readServiceSpec, SERVICE_SPEC_PATH, type ServiceDependency } from '../extension/service-spec.ts'
import { describePackages } from './boot.ts'
import { sortBy, type ExtensionDescription, type ServiceDescription } from './schema.ts'

const HANDLERS_PATH = /^etc\/cri\/conf\.d\/[^/]+\.part$/
/** Upstream's have some hundred bytes. */
const MAX_TEXT_BYTES = 1 << 20

/**
 * `tree` is what it installs, at the root. Errors of reading its files, its services and its parts of containerd's
 * configuration.
 */
export async function describeExtension(
  { name, version, compatibility }: Pick<ExtensionMetadata, 'name' | 'version' | 'compatibility'>,
  tree: FileTree,
): Promise<ExtensionDescription> {
  const modules: string[] = []
  let size = 0
  for (const { path, data } of tree.entries()) {
    if (data === undefined) continue
    size += data.size
    if (path.startsWith(`${MODULES_FOLDER}/`) && path.endsWith('.ko')) modules.push(path.split('/').slice(4).join('/'))
  }
  const { services, handlers } = await describeServices(tree)
  const { content, firmware } = await readExtensionContent(tree)
  return {
    name,
    version,
    compatibility: compatibility.talos.version,
    size,
    content,
    services,
    handlers,
    modules: sortBy(modules, String),
    firmware: firmware.map(({ path, sha256 }) => ({ path: path.slice(FIRMWARE_FOLDER.length + 1), sha256 })),
    packages: await describePackages(tree, `usr/local/share/spdx/${name}.spdx.json`),
  }
}

/** Services and runtime handlers of a tree, sorted. Errors of reading the files that specify them. */
export async function describeServices(tree: FileTree): Promise<Pick<ExtensionDescription, 'services' | 'handlers'>> {
  const services: ServiceDescription[] = []
  const handlers: string[] = []
  for (const { path, data } of tree.entries()) {
    if (data === undefined) continue
    if (SERVICE_SPEC_PATH.test(path)) {
      const { name: service, depends, container, restart } = await readServiceSpec(data, MAX_TEXT_BYTES)
      const mounts = container.mounts.map(({ source, destination, options }) => ({ source, destination, options }))
      services.push({
        name: service,
        waits: sortBy(depends.map(describeWait), String),
        mounts: sortBy(mounts, ({ destination }) => destination),
        restart,
      })
    }
    if (HANDLERS_PATH.test(path))
      handlers.push(...parseContainerdConfig(await readAll(data, MAX_TEXT_BYTES), data.where).handlers.keys())
  }
  return { services: sortBy(services, (service) => service.name), handlers: sortBy(handlers, String) }
}

function describeWait(wait: ServiceDependency): string {
  switch (wait.kind) {
    case 'service':
      return `service ${wait.service}`
    case 'path':
      return `path ${wait.path}`
    case 'network':
      return `network ${wait.network.join(' ')}`
    case 'time':
    case 'configuration':
      return wait.kind
  }
}
