<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Finishes in WHMCS what it was told "in progress" about: runs the module command once more, as a closing call. */
final class Closer
{
    /** Which states of the service each may close: in any other WHMCS has decided something else meanwhile. */
    private const ACTIONS = [
        'ModuleCreate' => ['Pending', 'Active'],
        'ModuleSuspend' => ['Active', 'Suspended'],
        'ModuleUnsuspend' => ['Active', 'Suspended'],
        'ModuleTerminate' => ['Pending', 'Active', 'Suspended', 'Completed'],
        'ModuleChangePackage' => ['Active', 'Suspended'],
    ];
    /** Endings of our own function after which the next round may succeed. */
    private const NOT_FINAL = ['pending', Guarded::SUCCESS, 'not_stored', 'not_understood'];
    private const SAME_WITHIN = 30 * 86400;
    private const NOTE = 'closing';
    private const MOST_PAGES = 20;
    private const TRIES_BEFORE_ALERT = 3;

    /** Seconds after which the rest waits for the next round. */
    private const BUDGET = 40;

    private static float $until = 0.0;

    /**
     * Asks from the start each time: operations settle in another order than their numbers, and what was acknowledged
     * is not told again. The cursor only turns pages.
     *
     * @throws CallError when the bridge gives no answer
     */
    public static function run(Server $server): void
    {
        $client = new BridgeClient($server, BridgeClient::CRON_DEADLINE);
        self::$until = microtime(true) + self::BUDGET;
        $cursor = 0;
        for ($page = 0; $page < self::MOST_PAGES && microtime(true) < self::$until; $page++) {
            $answer = self::asked($client, $server, $cursor);
            $items = $answer->maps('items');
            self::page($client, $server, $items);
            if ($page === 0) {
                Cancellations::tellWithdrawn($server, $answer->data['cancelled'] ?? []);
            }
            $next = $answer->data['cursor'] ?? 0;
            if ($items === [] || !is_int($next) || $next <= $cursor) {
                return;
            }
            $cursor = $next;
        }
    }

    private static function asked(BridgeClient $client, Server $server, int $cursor): Answer
    {
        $setting = 'PanelbridgeAlerts' . $server->id;
        $answer = $client->call('Finished', [
            'cursor' => $cursor,
            'alerts_after' => Settings::get($setting),
            'call' => ['actor' => Actor::present()],
        ]);
        $shown = is_string($answer->data['alerts_cursor'] ?? null) ? $answer->data['alerts_cursor'] : '';
        foreach ($answer->texts('alerts') as $alert) {
            Alerts::show($alert, 0, $shown);
        }
        if ($shown !== '') {
            Settings::put($setting, $shown);
        }
        return $answer;
    }

    /** @param list<array<string, mixed>> $items */
    private static function page(BridgeClient $client, Server $server, array $items): void
    {
        $finished = [];
        foreach ($items as $item) {
            if (microtime(true) > self::$until) {
                break;
            }
            $told = Params::ofPlain($item);
            if (Guarded::orElse('closing', static fn (): bool => self::item($server, $told), false)) {
                $finished[] = $told->number('operation');
            }
        }
        if ($finished !== []) {
            $client->call('Acknowledge', ['operations' => $finished, 'call' => ['actor' => Actor::present()]]);
        }
    }

    /** @return bool whether nobody has to be told of this operation again */
    private static function item(Server $server, Params $told): bool
    {
        $service = OurService::find($told->serviceId());
        $values = [
            'id' => $told->serviceId(),
            'operation' => $told->number('operation'),
            'verb' => Text::line($told->text('verb')),
        ];
        if ($service === null) {
            Log::activity(Language::text('close_gone', $values));
            return true;
        }
        $action = $told->text('close_with');
        if (isset(self::ACTIONS[$action])) {
            return self::closeOrUndo($server, $action, $told, $service, $values);
        }
        WriteBack::throughApi($told->serviceId(), $told->text('username'), $told->exact('password'));
        AccountView::forget($told->serviceId());
        self::say($told, $service);
        return true;
    }

    /** What cannot be completed by a module action is only told; what waits for a person comes again until it is solved. */
    private static function say(Params $told, Params $service): void
    {
        $text = Text::told($told->text('text'));
        $word = sha1($told->text('operation') . ' ' . $text);
        if ($text === '' || !Notebook::firstWithin(self::SAME_WITHIN, 'told', $word)) {
            return;
        }
        // Also a renewal: WHMCS was told success when it was durable, so nothing else tells that it was refused.
        $replaced = $told->text('state') === 'superseded' && $told->text('verb') !== 'extend';
        if ($told->text('state') !== 'done' && !$replaced) {
            Alerts::show($text, $service->number('userid'));
        } else {
            Log::activity($text, $service->number('userid'));
        }
    }

    /** @param array<string, int|string> $values */
    private static function closeOrUndo(
        Server $server,
        string $action,
        Params $told,
        Params $service,
        array $values
    ): bool {
        $now = BillingState::of($told->serviceId());
        if ($action === 'ModuleCreate' && $now->isEnded()) {
            return LateCreates::ended($server, $told->serviceId(), $told->number('operation'), $now, $service);
        }
        LateCreates::lives($told->serviceId());
        if ($now->isEnded() || !$now->isOneOf(...self::ACTIONS[$action])) {
            $ended = $values + ['state' => $now->isEnded() ? $now->endedAs() : $now->status];
            Log::activity(Language::text('close_other_state', $ended), $service->number('userid'));
            return true;
        }
        return self::close($action, $told, $service, $values);
    }

    /** @param array<string, int|string> $values */
    private static function close(string $action, Params $told, Params $service, array $values): bool
    {
        $request = ['serviceid' => $told->serviceId()];
        if ($action === 'ModuleSuspend') {
            // The original reason: WHMCS lifts by itself only what carries its own.
            $request['suspendreason'] = $told->text('suspendreason');
        }
        $why = '';
        Closing::begin($told->serviceId(), $told->number('operation'));
        try {
            LocalCall::make($action, $request);
        } catch (CallError $error) {
            $why = $error->why;
        } finally {
            $ending = Closing::finish();
        }
        if ($why === '') {
            Log::activity(Language::text('closed', $values), $service->number('userid'));
            return true;
        }
        return self::notClosed($ending, $why, $values, $service->number('userid'));
    }

    /**
     * @param string|null $ending how our own function ended, null when WHMCS did not reach it
     * @param array<string, int|string> $values
     */
    private static function notClosed(?string $ending, string $why, array $values, int $clientId): bool
    {
        $text = Language::text('close_failed', $values + ['why' => $why]);
        if ($ending === 'stale') {
            Log::activity(Language::text('close_stale', $values), $clientId);
            return true;
        }
        if ($ending !== null && !in_array($ending, self::NOT_FINAL, true)) {
            Alerts::show($text, $clientId);
            return true;
        }
        if (Notebook::postpone(self::NOTE, (int) $values['operation']) === self::TRIES_BEFORE_ALERT) {
            Alerts::show($text, $clientId);
        }
        return false;
    }
}
