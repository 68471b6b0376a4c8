import { type Border } from './border/border.ts';
import { localSide, type CoreSide } from './core/core-side.ts';
import { EmbeddedCore, type EmbeddedCoreContext } from './core/embedded-core.ts';
import { createExternalSide, type ExternalSideContext } from './core/external/external-side.ts';
import { type EdgeOptions } from './edge-options.ts';

export interface CoreSideContext
  extends
    Omit<EmbeddedCoreContext, 'options' | 'registration'>,
    Omit<ExternalSideContext, 'options' | 'emergencyUris' | 'limits' | 'retryAfterSec'> {
  readonly border: Border;
}

/** The core that the configuration names, inside or outside. Throws what `createExternalSide` does. */
export function createCoreSide(options: EdgeOptions, context: CoreSideContext): CoreSide {
  const { core, emergency, limits, registration, transaction } = options;
  const { retryAfterSec } = transaction;
  return core.kind === 'external'
    ? createExternalSide({ ...context, options: core, emergencyUris: emergency?.uris ?? [], limits, retryAfterSec })
    : localSide(new EmbeddedCore({ ...context, options: core, registration }), context.border);
}
