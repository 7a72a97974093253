// The machine's own settings: siderolabs/talos pkg/machinery/config/types/{runtime,runtime/extensions,siderolink,
// security,cluster}.
import { decodeBase64 } from '#harness/machine-config/go/formats.ts'
import { all, named, required, type Check, type Checks } from '../check.ts'
import { checkExpression } from '../expressions.ts'
import { isPlaceholder } from '../pem.ts'
import { checkImageRules } from './image-verification.ts'

const SECOND = 1e9
/** etc_file.go. */
const MANAGED = ['resolv.conf', 'hosts', 'machine-id', 'extensions.yaml', 'localtime', 'os-release', 'xattr.conf']
const MANAGED_FOLDERS = [
  'apparmor.d',
  'apparmor',
  'ca-certificates',
  'cni',
  'cri',
  'iscsi',
  'kubernetes',
  'lvm',
  'nvme',
  'pki',
  'selinux',
  'ssl',
]

const checkEtcFile: Check = ({ doc, fail }) => {
  const name = doc.get('name')
  if (!name.isText) fail(name, 'is required')
  else if (!isLocalPath(name.text) || name.text.startsWith('.')) fail(name, 'is no path below /etc', { got: name.text })
  else if (
    MANAGED.includes(name.text) ||
    MANAGED_FOLDERS.some((folder) => name.text === folder || name.text.startsWith(`${folder}/`))
  )
    fail(name, 'is managed by Talos', { got: name.text })
}

/** filepath.IsLocal on Linux: within the folder, not absolute. */
function isLocalPath(path: string): boolean {
  if (path === '' || path.startsWith('/')) return false
  let depth = 0
  for (const part of path.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return false
  }
  return true
}

/** net.SplitHostPort. */
export function isHostPort(text: string): boolean {
  return /^(\[[^\][]*\]|[^:[\]]*):[^:[\]]*$/.test(text)
}

const checkLogUrl: Check = ({ doc, fail }) => {
  const view = doc.get('url')
  const { url } = view
  const refuse = (expected: string): void => fail(view, 'is no URL to send logs to', { expected, got: view.text })
  if (!view.isText) fail(view, 'is required')
  else if (!['tcp', 'udp'].includes(url?.scheme ?? '')) refuse('tcp:// or udp://')
  else if (!['', '/'].includes(url?.path ?? '')) refuse('no path')
  else if (url?.port === '') refuse('a port')
}

const withoutEmptyKeys: Check = ({ doc, fail }) => {
  for (const [name, view] of doc.get('params').entries) if (name === '') fail(view, 'has no name')
}

export const RUNTIME_CHECKS: Checks = {
  // cluster/discovery_identity.go
  DiscoveryIdentityConfig: (subject) => {
    required(subject, 'clusterID')
    required(subject, 'clusterSecret')
    const secret = subject.doc.get('clusterSecret')
    if (secret.isText && !isPlaceholder(secret.text) && decodeBase64(secret.text)?.length !== 32)
      subject.fail(secret, 'is no secret of a cluster', { expected: '32 bytes in base64' })
  },
  // cluster/discovery_service.go
  DiscoveryServiceConfig: all(named, ({ doc, fail }) => {
    const view = doc.get('endpoint')
    if (!view.isText) fail(view, 'is required')
    else if (!['http', 'https', 'grpc'].includes(view.url?.scheme ?? '') || view.url?.hostname === '')
      fail(view, 'is no URL of a discovery service', {
        expected: 'http://, https:// or grpc:// and a host',
        got: view.text,
      })
  }),
  // environment.go
  EnvironmentConfig: ({ doc, fail }) => {
    for (const [name, view] of doc.get('variables').entries)
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) fail(view, 'is no name of a variable', { got: name })
  },
  // etc_file.go
  EtcFileConfig: checkEtcFile,
  // event_sink.go
  EventSinkConfig: ({ doc, fail }) => {
    const endpoint = doc.get('endpoint')
    if (!isHostPort(endpoint.text)) fail(endpoint, 'is no host with a port', { got: endpoint.text })
  },
  // extensions/service_config.go
  ExtensionServiceConfig: all(named, ({ doc, fail }) => {
    const files = doc.get('configFiles')
    if (files.size === 0 && doc.get('environment').size === 0)
      fail(doc.get('environment'), 'is required, or configFiles')
    for (const file of files.items)
      for (const key of ['content', 'mountPath']) if (!file.get(key).isText) fail(file.get(key), 'is required')
  }),
  // security/image_verification.go
  ImageVerificationConfig: checkImageRules,
  // kernel_module.go
  KernelModuleConfig: named,
  // kmsg_log.go
  KmsgLogConfig: all(named, checkLogUrl),
  // oom.go
  OOMConfig: (subject) => {
    const { doc, fail } = subject
    checkExpression(subject, doc.get('triggerExpression'), 'oom trigger')
    checkExpression(subject, doc.get('cgroupRankingExpression'), 'oom ranking', 'double')
    const interval = doc.get('sampleInterval')
    if (interval.duration < 0) fail(interval, 'is negative', { got: interval.text })
  },
  // siderolink/siderolink.go
  SideroLinkConfig: ({ doc, fail }) => {
    const view = doc.get('apiUrl')
    if (!view.isText) fail(view, 'is required')
    else if (!['https', 'grpc'].includes(view.url?.scheme ?? '') || !['', '/'].includes(view.url?.path ?? ''))
      fail(view, 'is no URL of SideroLink', {
        expected: 'https:// or grpc:// without a path',
        got: view.text.replace(/\?.*/, '?…'),
      })
  },
  // sysctl.go, sysfs.go
  SysctlConfig: withoutEmptyKeys,
  SysfsConfig: withoutEmptyKeys,
  // unattended_install.go
  UnattendedInstallConfig: (subject) => {
    const match = subject.doc.get('provisioning', 'diskSelector', 'match')
    if (match.isText) checkExpression(subject, match, 'disk')
    else subject.fail(match, 'is required')
  },
  // watchdog_timer.go
  WatchdogTimerConfig: ({ doc, fail }) => {
    const timeout = doc.get('timeout')
    if (!doc.get('device').isText) fail(doc.get('device'), 'is required')
    if (timeout.duration !== 0 && timeout.duration < 10 * SECOND)
      fail(timeout, 'is too short', { expected: 'at least 10s', got: timeout.text })
  },
}
