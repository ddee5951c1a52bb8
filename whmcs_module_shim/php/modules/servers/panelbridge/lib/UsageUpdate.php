<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** The daily reading of disk and traffic: one call for a whole server record, written where WHMCS shows it. */
final class UsageUpdate
{
    private const MEGABYTE = 1048576;

    /** WHMCS's column to what the bridge calls it, and the column it is the limit of. */
    private const COLUMNS = [
        'diskusage' => ['disk_bytes', 'disk_bytes'],
        'disklimit' => ['disk_limit_bytes', 'disk_bytes'],
        'bwusage' => ['traffic_bytes', 'traffic_bytes'],
        'bwlimit' => ['traffic_limit_bytes', 'traffic_bytes'],
    ];

    /** Null when it worked; a text else, which WHMCS does not show, so the activity log gets it as well. */
    public static function run(Params $params): ?string
    {
        if ($params->number('serverid') === 0) {
            return null;
        }
        try {
            return self::written($params->number('serverid'), self::read($params));
        } catch (CallError $error) {
            return self::failed($error->told(Language::text('verb_UsageUpdate')));
        } catch (\Throwable $thrown) {
            return self::failed(Guarded::unexpected(Language::text('verb_UsageUpdate'), $thrown));
        }
    }

    /**
     * What each account uses.
     *
     * @return list<array<string, mixed>>
     * @throws CallError when nothing can be told
     */
    public static function read(Params $params): array
    {
        $client = new BridgeClient(Server::fromParams($params));
        $answer = $client->call('Usage', ['call' => ['actor' => Actor::present()]]);
        foreach ($answer->maps('failed') as $panel) {
            $about = Params::ofPlain($panel);
            self::failed(Language::text('usage_failed', [
                'panel' => Text::line($about->text('panel')),
                'why' => Text::told($about->text('message')),
            ]));
        }
        return $answer->maps('usage');
    }

    /** @param list<array<string, mixed>> $accounts */
    private static function written(int $serverId, array $accounts): ?string
    {
        foreach ($accounts as $account) {
            $columns = self::columns($account);
            if ($columns !== []) {
                Capsule::table('tblhosting')->where('id', (int) ($account['serviceid'] ?? 0))
                    ->where('server', $serverId)
                    ->update($columns + ['lastupdate' => date('Y-m-d H:i:s', Wiring::now())]);
            }
        }
        return null;
    }

    /**
     * A column is left as it is where the panel does not tell; a limit that is none is WHMCS's 0.
     *
     * @param array<string, mixed> $account
     * @return array<string, int>
     */
    private static function columns(array $account): array
    {
        $columns = [];
        foreach (self::COLUMNS as $column => [$member, $needed]) {
            if (is_int($account[$needed] ?? null)) {
                $bytes = is_int($account[$member] ?? null) ? $account[$member] : 0;
                $columns[$column] = (int) ceil($bytes / self::MEGABYTE);
            }
        }
        return $columns;
    }

    private static function failed(string $told): string
    {
        Log::activity($told);
        return $told;
    }
}
