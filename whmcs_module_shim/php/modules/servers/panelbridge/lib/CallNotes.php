<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * Each call is noted before it is sent and the note goes when an answer came, whatever it said. What is left is what
 * the bridge may never have got: CatchUp repeats it. Calls about the same thing share a note, the latest counts.
 */
final class CallNotes
{
    private const KIND = 'call';
    private const SLOTS = [
        'CreateAccount' => 'life',
        'TerminateAccount' => 'life',
        'SuspendAccount' => 'access',
        'UnsuspendAccount' => 'access',
        'ChangePackage' => 'package',
    ];
    private const PAID = 'renew ';

    /** @var array<string, CallNote> what CatchUp repeats just now, by service and function */
    private static array $repeated = [];

    private static int $silences = 0;

    /**
     * @param callable(): string $act
     * @throws CallError as $act does, telling that the cron repeats it
     */
    public static function during(string $function, ServiceCall $call, callable $act): string
    {
        $serviceId = $call->params->serviceId();
        if (!isset(self::SLOTS[$function]) || Closing::operationOf($serviceId) > 0) {
            return $act();
        }
        $note = self::repeatedOf($serviceId, $function) ?? self::write(self::made($function, $call));
        try {
            $told = $act();
        } catch (CallError $error) {
            if (!$error->retryable) {
                self::forget($note);
                throw $error;
            }
            self::$silences += $error->answer === null && $error->kind !== 'not_stored' ? 1 : 0;
            self::change($note->thatLeft($note->mayHaveLeft && $error->mayHaveActed()));
            throw $error->andThen(Language::text('advice_noted'));
        }
        self::forget($note);
        return $told;
    }

    /** A paid renewal: PaidItemsRound books it, as what the service was when it was paid. */
    public static function paid(ServiceCall $call, PaidItem $item): void
    {
        if (!$item->first) {
            self::write(self::made('Renew', $call, self::PAID . $item->id));
        }
    }

    /** @return list<CallNote> oldest first, without those that pause after a failed try */
    public static function due(): array
    {
        $due = array_filter(Notebook::rows(self::KIND), static fn (object $row): bool =>
            (int) $row->next_at <= Wiring::now());
        return array_map([self::class, 'read'], array_values($due));
    }

    public static function of(int $serviceId, string $function): ?CallNote
    {
        foreach (Notebook::rows(self::KIND, $serviceId) as $row) {
            $note = self::read($row);
            if ($note->function === $function) {
                return $note;
            }
        }
        return null;
    }

    public static function ofItem(PaidItem $item): ?CallNote
    {
        foreach (Notebook::rows(self::KIND, $item->serviceId) as $row) {
            if ((string) $row->word === self::PAID . $item->id) {
                return self::read($row);
            }
        }
        return null;
    }

    public static function forgetItem(int $serviceId, int $itemId): void
    {
        Notebook::remove(self::KIND, $serviceId, self::PAID . $itemId);
    }

    /**
     * Repeats a call: the note stays the one it was.
     *
     * @param callable(): void $act
     */
    public static function repeating(CallNote $note, callable $act): void
    {
        self::$repeated[$note->serviceId . ' ' . $note->function] = $note;
        try {
            $act();
        } finally {
            unset(self::$repeated[$note->serviceId . ' ' . $note->function]);
        }
    }

    public static function repeatedOf(int $serviceId, string $function): ?CallNote
    {
        return self::$repeated[$serviceId . ' ' . $function] ?? null;
    }

    /** How often the bridge gave no answer in this request. */
    public static function silences(): int
    {
        return self::$silences;
    }

    public static function forget(CallNote $note): void
    {
        Guarded::orElse('note', static fn () => Notebook::remove(self::KIND, $note->serviceId, $note->slot), null);
    }

    /** @return int how often it was tried in vain by now */
    public static function postpone(CallNote $note): int
    {
        return Notebook::postpone(self::KIND, $note->serviceId, $note->slot);
    }

    public static function change(CallNote $note): void
    {
        $text = (string) json_encode($note->toMap());
        Guarded::orElse(
            'note',
            static fn () => Notebook::change(self::KIND, $note->serviceId, $note->slot, $text),
            null
        );
    }

    private static function write(CallNote $note): CallNote
    {
        // A note that cannot be written must not keep the call from being made.
        $text = (string) json_encode($note->toMap());
        Guarded::orElse(
            'note',
            static fn () => Notebook::begin(self::KIND, $note->serviceId, $note->slot, $text),
            null
        );
        return $note;
    }

    private static function made(string $function, ServiceCall $call, string $slot = ''): CallNote
    {
        $serviceId = $call->params->serviceId();
        $billing = BillingState::of($serviceId);
        $byPerson = !in_array(Actor::present(), ['cron', 'system'], true);
        // A suspension without a text is WHMCS's own when no person asked for it.
        $reason = $function === 'UnsuspendAccount' ? $billing->suspendReason
            : ($call->suspendReason() ?: ($byPerson ? '' : SuspendReason::OVERDUE));
        return new CallNote(
            $serviceId,
            $slot === '' ? self::SLOTS[$function] : $slot,
            $function,
            $billing->status,
            $billing->dueDate,
            $billing->billingCycle,
            $reason,
            $byPerson,
            $billing->hasCancellation,
            true,
            $function === 'ChangePackage' ? $billing->movedFrom() : '',
            $function === 'CreateAccount' ? PaidItems::openIds($serviceId) : [],
            Wiring::now()
        );
    }

    private static function read(object $row): CallNote
    {
        $map = json_decode((string) $row->text, true);
        $own = ['service' => (int) $row->number, 'slot' => (string) $row->word];
        return CallNote::fromMap($own + (is_array($map) ? $map : []));
    }
}
