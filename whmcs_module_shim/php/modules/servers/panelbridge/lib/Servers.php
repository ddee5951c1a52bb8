<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** Server records of ours, read where WHMCS hands over no $params (hooks and cron). */
final class Servers
{
    /** @return list<Server> every record that can be used, active ones first; broken ones are left out */
    public static function usable(): array
    {
        $rows = Capsule::table('tblservers')->where('type', Version::MODULE)->where('disabled', 0)
            ->orderByDesc('active')->orderBy('id')->get();
        $servers = [];
        foreach ($rows as $row) {
            try {
                $servers[] = Server::fromParams(Params::of(self::keys($row)));
            } catch (CallError) {
                continue;
            }
        }
        return $servers;
    }

    /**
     * The server part of $params for a service, or for a product that has none yet.
     *
     * @return array<string, mixed>
     */
    public static function keysFor(int $serverId, Params $product): array
    {
        $query = Capsule::table('tblservers')->where('type', Version::MODULE);
        if ($serverId > 0) {
            $row = $query->where('id', $serverId)->first();
        } else {
            $group = $product->number('servergroup');
            $inGroup = Capsule::table('tblservergroupsrel')->where('groupid', $group)->pluck('serverid')->all();
            $query = $group > 0 ? $query->whereIn('id', $inGroup) : $query;
            $row = $query->where('disabled', 0)->orderByDesc('active')->orderBy('id')->first();
        }
        return $row === null ? [] : self::keys($row);
    }

    /** @return array<string, mixed> */
    private static function keys(object $row): array
    {
        return [
            'serverid' => (int) $row->id,
            'serverip' => (string) ($row->ipaddress ?? ''),
            'serverhostname' => (string) ($row->hostname ?? ''),
            'serverport' => (string) ($row->port ?? ''),
            'serversecure' => (string) ($row->secure ?? ''),
            'serverusername' => (string) ($row->username ?? ''),
            'serverpassword' => Sealed::opened((string) ($row->password ?? '')),
        ];
    }
}
