<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Repeats the calls the bridge never answered, in their order, as far as WHMCS still wants them. */
final class CatchUp
{
    private const ACTIONS = [
        'CreateAccount' => 'ModuleCreate',
        'SuspendAccount' => 'ModuleSuspend',
        'UnsuspendAccount' => 'ModuleUnsuspend',
        'TerminateAccount' => 'ModuleTerminate',
        'ChangePackage' => 'ModuleChangePackage',
    ];
    private const TRIES_BEFORE_ALERT = 3;

    /** Seconds after which the rest waits for the next round. */
    private const BUDGET = 40;

    public static function run(Server $server): void
    {
        $until = microtime(true) + self::BUDGET;
        foreach (CallNotes::due() as $note) {
            if (microtime(true) > $until) {
                return;
            }
            $silences = CallNotes::silences();
            Guarded::orElse('catching up', static fn () => self::note($server, $note), null);
            if (CallNotes::silences() > $silences) {
                return; // a bridge that fell silent meanwhile is silent for the rest of this round as well
            }
        }
    }

    private static function note(Server $server, CallNote $note): void
    {
        $service = OurService::find($note->serviceId);
        if ($service === null) {
            CallNotes::forget($note);
            return;
        }
        if ($service->number('serverid') !== $server->id || $note->function === 'Renew') {
            return; // another server's; or a paid item, which has a round of its own
        }
        $now = BillingState::of($note->serviceId);
        if (!$now->isEnded()) {
            LateCreates::lives($note->serviceId);
        }
        match (StillWanted::of($note, $now)) {
            StillWanted::Yes => self::repeat($server, $note, $now, $service),
            StillWanted::No => CallNotes::forget($note),
            StillWanted::Later => null,
            StillWanted::Ended => LateCreates::ended($server, $note->serviceId, 0, $now, $service),
            StillWanted::Ask => self::ask($note, $service),
        };
    }

    private static function repeat(Server $server, CallNote $note, BillingState $now, Params $service): void
    {
        if ($note->function === 'ChangePackage') {
            // What was paid before the change is booked before it, as what it was paid for.
            PaidItemsRound::before($server, $note);
        }
        $why = '';
        CallNotes::repeating($note, static function () use ($note, $now, $service, &$why): void {
            try {
                self::act($note, $now, $service);
            } catch (CallError $error) {
                $why = $error->why;
            }
        });
        $values = [
            'id' => $note->serviceId,
            'verb' => Language::text('verb_' . $note->function),
            'why' => $why,
        ];
        $isAnswered = CallNotes::of($note->serviceId, $note->function) === null;
        if ($why === '' || ($isAnswered && Lifecycle::isPendingText($why))) {
            Log::activity(Language::text('caught_up', $values), $service->number('userid'));
        } elseif ($isAnswered) {
            if ($note->function !== 'ChangePackage') { // that one FailedUpgrade has told
                Alerts::show(Language::text('catch_up_refused', $values), $service->number('userid'));
            }
        } elseif (CallNotes::postpone($note) === self::TRIES_BEFORE_ALERT) {
            Alerts::show(Language::text('catch_up_failed', $values), $service->number('userid'));
        }
    }

    /** @throws CallError when WHMCS or the bridge did not take it */
    private static function act(CallNote $note, BillingState $now, Params $service): void
    {
        if ($now->isEnded()) {
            // Its status is right as it is: Fraud must not become Terminated.
            $lifecycle = new Lifecycle();
            $call = ServiceCall::about($service);
            CallNotes::during($note->function, $call, static fn (): string => $lifecycle->terminate($call));
            return;
        }
        $values = ['serviceid' => $note->serviceId];
        if ($note->function === 'SuspendAccount') {
            // The original reason: WHMCS lifts by itself only what carries its own.
            $values['suspendreason'] = $note->reason;
        }
        LocalCall::make(self::ACTIONS[$note->function], $values);
    }

    private static function ask(CallNote $note, Params $service): void
    {
        CallNotes::forget($note);
        $values = ['id' => $note->serviceId, 'verb' => Language::text('verb_' . $note->function)];
        Alerts::show(Language::text('catch_up_ask', $values), $service->number('userid'), (string) $note->at);
    }
}
