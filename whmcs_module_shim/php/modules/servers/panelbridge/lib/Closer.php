<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Finishes in WHMCS what it was told "in progress" about: runs the module command once more, as a closing call. */
final class Closer
{
    private const ACTIONS = [
        'ModuleCreate', 'ModuleSuspend', 'ModuleUnsuspend', 'ModuleTerminate', 'ModuleChangePackage',
    ];
    /** Endings of our own function after which the next round may succeed. */
    private const NOT_FINAL = ['pending', Guarded::SUCCESS, 'not_stored', 'not_understood'];
    private const NOTE = 'closing';
    private const MOST_PAGES = 20;
    private const TRIES_BEFORE_ALERT = 3;

    /** Seconds after which the rest waits for the next round. */
    private const BUDGET = 40;

    private static float $until = 0.0;

    /** @throws CallError when the bridge gives no answer */
    public static function run(Server $server): void
    {
        $client = new BridgeClient($server, BridgeClient::CRON_DEADLINE);
        $setting = 'PanelbridgeCursor' . $server->id;
        $cursor = (int) Settings::get($setting);
        $contiguous = true;
        self::$until = microtime(true) + self::BUDGET;
        for ($page = 0; $page < self::MOST_PAGES; $page++) {
            $answer = $client->call('Finished', ['cursor' => $cursor, 'call' => ['actor' => Actor::present()]]);
            foreach ($answer->texts('alerts') as $alert) {
                Alerts::show($alert);
            }
            $items = $answer->maps('items');
            $contiguous = self::page($client, $items) && $contiguous;
            $next = $answer->data['cursor'] ?? $cursor;
            $advanced = is_int($next) && $next > $cursor;
            $cursor = $advanced ? $next : $cursor;
            if ($advanced && $contiguous) {
                Settings::put($setting, (string) $cursor);
            }
            if (!$advanced || $items === [] || microtime(true) > self::$until) {
                return;
            }
        }
    }

    /**
     * @param list<array<string, mixed>> $items
     * @return bool whether nothing of the page is left for the next round
     */
    private static function page(BridgeClient $client, array $items): bool
    {
        $finished = [];
        foreach ($items as $item) {
            if (microtime(true) > self::$until) {
                break;
            }
            $told = Params::ofPlain($item);
            $isFinished = Guarded::orElse('closing', static fn (): bool => self::item($told), false);
            if ($isFinished) {
                $finished[] = $told->number('operation');
            }
        }
        if ($finished !== []) {
            $client->call('Acknowledge', ['operations' => $finished, 'call' => ['actor' => Actor::present()]]);
        }
        return count($finished) === count($items);
    }

    /** @return bool whether nobody has to be told of this operation again */
    private static function item(Params $told): bool
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
        if (in_array($action, self::ACTIONS, true)) {
            return self::close($action, $told, $service, $values);
        }
        WriteBack::throughApi($told->serviceId(), $told->text('username'), $told->exact('password'));
        AccountView::forget($told->serviceId());
        $text = Text::line($told->text('text'));
        Log::activity($text === '' ? Language::text('closed', $values) : 'Service ' . $values['id'] . ': ' . $text);
        return true;
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
