<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Whether a call without an answer is still what WHMCS wants, judged by its state now and then. */
enum StillWanted
{
    /** Repeat it. */
    case Yes;
    /** WHMCS wants something else by now. */
    case No;
    /** Not now, perhaps later. */
    case Later;
    /** The service ended before its account was known to be made: it may have been. */
    case Ended;
    /** Only a person can tell. */
    case Ask;

    public static function of(CallNote $note, BillingState $now): self
    {
        return match ($note->function) {
            'CreateAccount' => self::create($note, $now),
            'SuspendAccount' => self::suspend($note, $now),
            'UnsuspendAccount' => self::unsuspend($note, $now),
            'TerminateAccount' => self::terminate($note, $now),
            'ChangePackage' => self::change($now),
            default => self::No,
        };
    }

    private static function create(CallNote $note, BillingState $now): self
    {
        if ($now->isEnded()) {
            // Only what was about to be made: an account that works for long is no late create.
            return $note->mayHaveLeft && $note->status === 'Pending' ? self::Ended : self::No;
        }
        if ($now->isOneOf('Suspended')) {
            return self::Later;
        }
        return $now->isOneOf('Pending', 'Active') ? self::Yes : self::No;
    }

    private static function suspend(CallNote $note, BillingState $now): self
    {
        // A due date that moved was paid for, so nothing is overdue any more.
        $isPaid = $note->isOverdue() && $note->dueDate !== $now->dueDate;
        $isWanted = $now->isOneOf('Suspended') || ($now->isOneOf('Active') && !$isPaid);
        return $isWanted ? self::Yes : self::No;
    }

    /** What a person suspended for a reason of his own is not lifted by itself. */
    private static function unsuspend(CallNote $note, BillingState $now): self
    {
        if (!$now->isOneOf('Active', 'Suspended')) {
            return self::No;
        }
        if (!$note->isOverdue()) {
            return $now->isOneOf('Suspended') && $note->byPerson ? self::Ask : self::No;
        }
        return $now->isOneOf('Active') || $now->isOverdueSuspension() ? self::Yes : self::No;
    }

    private static function terminate(CallNote $note, BillingState $now): self
    {
        if ($now->isEnded()) {
            return self::Yes;
        }
        $isPaid = $note->dueDate !== $now->dueDate;
        $isWithdrawn = $note->cancels && !$now->hasCancellation;
        if ($isPaid || $isWithdrawn) {
            return $note->mayHaveLeft ? self::Ask : self::No;
        }
        // An account that ends cannot be brought back: a click that never left is told, not repeated.
        return $note->mayHaveLeft || !$note->byPerson ? self::Yes : self::Ask;
    }

    private static function change(BillingState $now): self
    {
        if ($now->isOneOf('Pending')) {
            return self::Later;
        }
        return $now->isOneOf('Active', 'Suspended') ? self::Yes : self::No;
    }
}
