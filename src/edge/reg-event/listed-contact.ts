import { parseSipUri } from '../../sip/uri.ts';
import { sipUriKey } from '../../sip/uri-equality.ts';
import { contactKey } from '../registration/register-answer.ts';
import { type ReginfoContact } from './reginfo.ts';

/** What contacts and devices are compared by. */
interface ContactKeys {
  readonly callId?: string | undefined;
  readonly regId?: number | undefined;
  readonly instanceKey: string | undefined;
  /** Equal for URIs that are equal (RFC 3261 §19.1.4). */
  readonly uriKey: string;
  /** User and host of the URI. */
  readonly addressKey: string;
}

/** A contact of a document. Its keys are made once, since a document is held against each device of a user. */
export interface ListedContact extends ContactKeys {
  readonly contact: ReginfoContact;
}

export function listedContact(contact: ReginfoContact): ListedContact {
  const { uri, instanceId, callId, regId } = contact;
  return { contact, callId, regId, ...keysOf(uri, instanceId) };
}

/**
 * The contact that a device is: by flow of the instance (RFC 5626 §6), else by URI, else by what is only one Contact's: user and host of it, since some
 * registrars write the URI anew, or the Call-ID. One that has ended and one that was made since may stand side by side.
 */
export function findContact(
  contacts: readonly ListedContact[],
  { contactUri, instanceId, regId, callId }: DeviceFacts,
): ReginfoContact | undefined {
  const device = { callId, regId, ...keysOf(contactUri, instanceId) };
  const isKnown = device.instanceKey !== undefined && regId !== undefined;
  const ofFlow = isKnown
    ? latest(
        contacts.filter((contact) => isSameFlow(contact, device)),
        callId,
      )
    : undefined;
  if (ofFlow) return ofFlow;
  const others = contacts.filter((contact) => !isOfAnother(contact, device));
  const same = (key: 'uriKey' | 'addressKey' | 'callId'): ListedContact[] =>
    others.filter((contact) => contact[key] === device[key]);
  return latest(same('uriKey'), callId) ?? only(same('addressKey')) ?? only(same('callId'));
}

interface DeviceFacts {
  readonly contactUri: string;
  readonly instanceId: string | undefined;
  readonly regId: number | undefined;
  readonly callId: string;
}

function keysOf(
  uri: string,
  instanceId: string | undefined,
): Pick<ContactKeys, 'instanceKey' | 'uriKey' | 'addressKey'> {
  const parsed = parseSipUri(uri);
  return {
    instanceKey: instanceId?.toLowerCase(),
    uriKey: parsed.ok ? sipUriKey(parsed.value) : uri,
    addressKey: contactKey(uri),
  };
}

/** An active one before one that has ended, then one of the same Call-ID before others. */
function latest(contacts: readonly ListedContact[], callId: string): ReginfoContact | undefined {
  const active = contacts.filter(({ contact }) => contact.state === 'active');
  const candidates = active.length > 0 ? active : contacts;
  return (candidates.find((contact) => contact.callId === callId) ?? candidates[0])?.contact;
}

function only([first, ...more]: readonly ListedContact[]): ReginfoContact | undefined {
  return more.length === 0 ? first?.contact : undefined;
}

function isSameFlow({ instanceKey, regId }: ContactKeys, device: ContactKeys): boolean {
  return instanceKey === device.instanceKey && regId === device.regId;
}

function isOfAnother({ instanceKey, regId }: ContactKeys, device: ContactKeys): boolean {
  if (instanceKey === undefined || device.instanceKey === undefined) return false;
  if (instanceKey !== device.instanceKey) return true;
  return regId !== undefined && device.regId !== undefined && regId !== device.regId;
}
