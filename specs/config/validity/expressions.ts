// CEL expressions, checked with the variables that Talos gives them: siderolabs/talos pkg/machinery/cel/celenv/celenv.go
// and the messages in api/resource/definitions/{block,network}, v1.11.6 to v1.14.1.
import { Environment } from '@marcbachmann/cel-js'
import type { Subject } from './check.ts'
import type { View } from './view.ts'

export type Locator = 'disk' | 'volume' | 'member' | 'link' | 'oom trigger' | 'oom ranking'

const DISK =
  'size:uint io_size:uint sector_size:uint readonly:bool model:string serial:string modalias:string wwid:string ' +
  'bus_path:string sub_system:string transport:string rotational:bool cdrom:bool dev_path:string pretty_size:string ' +
  'secondary_disks:list<string> uuid:string symlinks:list<string>'
const VOLUME =
  'size:uint sector_size:uint io_size:uint name:string uuid:string label:string block_size:uint ' +
  'filesystem_block_size:uint probed_size:uint partition_uuid:string partition_type:string partition_label:string ' +
  'partition_index:uint type:string device_path:string parent:string dev_path:string parent_dev_path:string pretty_size:string'
const LINK =
  'index:uint type:int link_index:uint flags:uint hardware_addr:bytes broadcast_addr:bytes mtu:uint queue_disc:string ' +
  'master_index:uint operational_state:int kind:string slave_kind:string bus_path:string pciid:string driver:string ' +
  'driver_version:string firmware_version:string product_id:string vendor_id:string product:string vendor:string ' +
  'link_state:bool speed_megabits:int port:int duplex:int vlan:dyn bridge_master:dyn bond_master:dyn wireguard:dyn ' +
  'permanent_addr:bytes alias:string alt_names:list<string>'
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
const CLASSES = ['Besteffort', 'Burstable', 'Guaranteed', 'Podruntime', 'System']
const PRESSURES = ['some', 'full'].flatMap((kind) =>
  ['avg10', 'avg60', 'avg300', 'total'].map((span) => `memory_${kind}_${span}`),
)
/** Functions of cel-js that cel-go has only in extensions, which Talos does not load. */
const FOREIGN =
  /\.(lowerAscii|upperAscii|trim|indexOf|lastIndexOf|substring|split|join|charAt|replace|reverse|quote)\(|\bcel\.bind\(|\bmath\.|\bstrings\.|\bbase64\./

const known = new Map<string, Environment>()

function environment(locator: Locator, minor: number): Environment {
  const id = `${locator} ${minor}`
  const found = known.get(id)
  if (found !== undefined) return found
  const env = build(locator, minor)
  known.set(id, env)
  return env
}

function build(locator: Locator, minor: number): Environment {
  const isOom = locator.startsWith('oom')
  const env = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: isOom })
  const message = (name: string, type: string, fields: string): void => {
    env.registerType({ name: type, schema: Object.fromEntries(fields.split(' ').map((field) => field.split(':'))) })
    env.registerVariable(name, type)
  }
  if (locator === 'link') {
    message('link', 'Link', LINK + (minor >= 13 ? ' vrf_master:dyn' : '') + (minor >= 14 ? ' veth:dyn' : ''))
    env.registerFunction('mac(bytes): string', () => '')
  } else if (isOom) {
    if (locator === 'oom trigger') declareTrigger(env)
    else {
      for (const name of ['memory_max', 'memory_current', 'memory_peak']) env.registerVariable(name, 'optional<uint>')
      env.registerVariable('path', 'string')
      env.registerVariable('class', 'int')
    }
    for (const name of CLASSES) env.registerVariable(name, 'int')
  } else {
    message('disk', 'Disk', DISK + (minor >= 14 ? ' firmware_version:string' : ''))
    if (locator !== 'disk') message('volume', 'Volume', VOLUME + (minor >= 12 ? ' offset:uint' : ''))
    if (locator === 'member') env.registerVariable('volume_id', 'string')
    if (locator !== 'volume') env.registerVariable('system_disk', 'bool')
  }
  if (locator !== 'link') for (const unit of UNITS) env.registerVariable(unit, 'uint')
  if (locator !== 'volume' && !isOom) env.registerFunction('glob(string, string): bool', () => true)
  return env
}

function declareTrigger(env: Environment): void {
  const vectors = [...PRESSURES.map((name) => `qos_${name}`), 'qos_memory_current', 'qos_memory_peak', 'qos_memory_max']
  for (const name of PRESSURES) for (const prefix of ['', 'd_']) env.registerVariable(prefix + name, 'double')
  for (const name of vectors) for (const prefix of ['', 'd_']) env.registerVariable(prefix + name, 'map<int, double>')
  env.registerVariable('time_since_trigger', 'google.protobuf.Duration')
  env.registerFunction('multiply_qos_vectors(map<dyn, double>, map<dyn, double>): double', () => 0)
}

/** Numbers of two types, of which cel-go compares only those of one. */
const NUMBERS = new Set(['int', 'uint', 'double'])
const RELATIONS = new Set(['<', '<=', '>', '>='])

type Node = { readonly op: string; readonly args: unknown; readonly start: number; readonly end: number }

/** `uint < int`, where the expression compares such; what is in variables of its own is not looked into. */
function mixedComparison(env: Environment, text: string): string | undefined {
  const open: unknown[] = [env.parse(text).ast]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (Array.isArray(node)) open.push(...(node as readonly unknown[]))
    if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) continue
    const { op, args } = node as Node
    if (Array.isArray(args)) open.push(...(args as readonly unknown[]))
    if (!RELATIONS.has(op) || !Array.isArray(args)) continue
    const [left, right] = (args as readonly Node[]).map(({ start, end }) =>
      String(env.check(text.slice(start, end)).type),
    )
    if (left !== right && NUMBERS.has(left ?? '') && NUMBERS.has(right ?? '')) return `${left} ${op} ${right}`
  }
  return undefined
}

/** The expression has the type that is asked of it; nothing is said of one that is absent. */
export function checkExpression(
  { minor, failExpression }: Subject,
  view: View,
  locator: Locator,
  type: 'bool' | 'double' = 'bool',
): void {
  if (!view.isText) return
  const foreign = FOREIGN.exec(view.text)
  if (foreign !== null) {
    failExpression(view, 'calls a function that Talos does not give to expressions', {
      got: foreign[0].replace('(', ''),
    })
    return
  }
  const env = environment(locator, minor)
  const result = env.check(view.text)
  const mixed = result.valid ? mixedComparison(env, view.text) : undefined
  if (mixed !== undefined) {
    failExpression(view, 'compares numbers of two types', {
      expected: 'one type, such as disk.size > 10u * GB',
      got: mixed,
    })
    return
  }
  if (!result.valid)
    failExpression(view, `is no valid expression: ${result.error?.message.split('\n')[0] ?? ''}`, { got: view.text })
  else if (String(result.type) !== type && String(result.type) !== 'dyn')
    failExpression(view, 'gives another type than it must', { expected: type, got: String(result.type) })
}
