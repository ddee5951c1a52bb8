<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * An account that was finished after its service or order had ended: it is taken away again, once that was seen in two
 * rounds running. Nothing is mailed and WHMCS's status stays.
 */
final class LateCreates
{
    private const SEEN = 'ended';
    private const MANY = 'late_creates';
    private const MOST_A_ROUND = 10;
    private const TRIES_BEFORE_ALERT = 3;

    private static string $round = '';
    private static int $taken = 0;
    private static int $waiting = 0;

    /** A new round: what was ended in the one before and is still, goes. */
    public static function begin(): void
    {
        [self::$round, self::$taken, self::$waiting] = [bin2hex(random_bytes(8)), 0, 0];
    }

    /**
     * @param int $operation the create; 0 where its answer was lost: the latest one of the service
     * @return bool whether it is taken away and nobody has to be told again
     */
    public static function ended(
        Server $server,
        int $serviceId,
        int $operation,
        BillingState $now,
        Params $service
    ): bool {
        if (!self::isSeenAgain($serviceId)) {
            return false;
        }
        if (self::$taken >= self::MOST_A_ROUND) {
            self::$waiting++;
            return false;
        }
        self::$taken++;
        return self::takeAway($server, $serviceId, $operation, $now, $service);
    }

    /** The service lives: what was seen before does not count any more. */
    public static function lives(int $serviceId): void
    {
        Notebook::remove(self::SEEN, $serviceId);
    }

    /** Tells the bridge and staff when more wait than one round takes away. */
    public static function finish(Server $server): void
    {
        $isTold = Notebook::rows(self::MANY, $server->id) !== [];
        if (self::$waiting === 0 && !$isTold) {
            return;
        }
        $client = new BridgeClient($server, BridgeClient::CRON_DEADLINE);
        $client->call('LateCreates', ['waiting' => self::$waiting, 'call' => ['actor' => Actor::present()]]);
        if (self::$waiting === 0) {
            Notebook::remove(self::MANY, $server->id);
        } elseif (!$isTold) {
            Notebook::begin(self::MANY, $server->id, '', '');
            Alerts::show(Language::text('late_many', ['most' => self::MOST_A_ROUND, 'waiting' => self::$waiting]));
        }
        self::$waiting = 0;
    }

    private static function isSeenAgain(int $serviceId): bool
    {
        $before = Notebook::rows(self::SEEN, $serviceId)[0] ?? null;
        if ($before === null) {
            Notebook::begin(self::SEEN, $serviceId, '', self::$round);
            return false;
        }
        return (string) $before->text !== self::$round && (int) $before->next_at <= Wiring::now();
    }

    private static function takeAway(
        Server $server,
        int $serviceId,
        int $operation,
        BillingState $now,
        Params $service
    ): bool {
        $values = ['id' => $serviceId, 'state' => $now->endedAs()];
        $body = ['serviceid' => $serviceId, 'status' => $now->endedAs(), 'call' => ['actor' => Actor::present()]];
        $body += $operation > 0 ? ['operation' => $operation] : [];
        try {
            $answer = (new BridgeClient($server, BridgeClient::CRON_DEADLINE))->call('UndoCreate', $body);
        } catch (CallError $error) {
            if ($error->kind === 'stale' || $error->kind === 'service_unknown') {
                self::forget($serviceId);
                return true;
            }
            if (Notebook::postpone(self::SEEN, $serviceId) === self::TRIES_BEFORE_ALERT) {
                Alerts::show(Language::text('late_not_taken', $values + ['why' => $error->why]));
            }
            return false;
        }
        if ($answer->isPending()) {
            return false; // the next round asks again
        }
        $credit = is_string($answer->data['credited'] ?? null) ? $answer->data['credited'] : '0';
        Alerts::show(Language::text('late_taken', $values + ['credit' => $credit]), $service->number('userid'));
        self::forget($serviceId);
        return true;
    }

    private static function forget(int $serviceId): void
    {
        self::lives($serviceId);
        $note = CallNotes::of($serviceId, 'CreateAccount');
        if ($note !== null) {
            CallNotes::forget($note);
        }
        AccountView::forget($serviceId);
    }
}
