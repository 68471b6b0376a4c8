import { conformsToContract } from './plane-conformance.ts';
import { openFakeWorld } from './fake-world.ts';

conformsToContract('of the engine’s tests', openFakeWorld);
