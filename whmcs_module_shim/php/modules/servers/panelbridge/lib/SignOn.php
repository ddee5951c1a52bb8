<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * Single sign-on: a fresh address from the bridge for every click, followed at once and kept nowhere.
 *
 * The bridge vouches for the host; here the address must be one a browser may be sent to.
 */
final class SignOn
{
    /** @return array{success: bool, redirectTo?: string, errorMsg?: string} */
    public static function service(Params $params): array
    {
        return self::guarded('ServiceSingleSignOn', static function () use ($params): string {
            $call = ServiceCall::about($params);
            return self::address($call->server, $call->send('ServiceSignOn'));
        });
    }

    /** @return array{success: bool, redirectTo?: string, errorMsg?: string} */
    public static function admin(Params $params): array
    {
        return self::guarded('AdminSingleSignOn', static function () use ($params): string {
            $server = Server::fromParams($params);
            $actor = ['call' => ['actor' => Actor::present()]];
            return self::address($server, (new BridgeClient($server))->call('AdminSignOn', $actor));
        });
    }

    /** Links to the panels' own administration, for the server list; empty while the bridge gives no answer. */
    public static function links(Params $params): string
    {
        if ($params->text('serverhostname') === '' && $params->text('serverip') === '') {
            return '';
        }
        return Guarded::orElse('AdminLink', static function () use ($params): string {
            $client = new BridgeClient(Server::fromParams($params), BridgeClient::PAGE_DEADLINE);
            $links = '';
            foreach ($client->call('PanelLinks', ['call' => ['actor' => Actor::present()]])->maps('links') as $link) {
                $url = is_string($link['url'] ?? null) ? $link['url'] : '';
                $name = is_string($link['panel'] ?? null) ? $link['panel'] : '';
                if (preg_match('#^https?://[^\s\x00-\x1f]+$#', $url) === 1) {
                    $links .= '<a href="' . Text::html($url) . '" target="_blank" rel="noopener noreferrer">'
                        . Text::html($name) . '</a> ';
                }
            }
            return trim($links);
        }, '');
    }

    private static function address(Server $server, Answer $answer): string
    {
        $url = is_string($answer->data['url'] ?? null) ? $answer->data['url'] : '';
        Redactor::learn($url);
        $schemes = $server->mode === 'test' ? 'https?' : 'https';
        if (preg_match('#^' . $schemes . '://[^\s\x00-\x1f@/]+(/[^\s\x00-\x1f]*)?$#', $url) !== 1) {
            throw CallError::here('unsafe_sign_on');
        }
        return $url;
    }

    /**
     * @param callable(): string $address
     * @return array{success: bool, redirectTo?: string, errorMsg?: string}
     */
    private static function guarded(string $function, callable $address): array
    {
        try {
            return ['success' => true, 'redirectTo' => $address()];
        } catch (CallError $error) {
            $told = $error->told(Language::text('verb_' . $function));
            $hasNone = $error->kind === 'sign_on_unsupported';
        } catch (\Throwable $thrown) {
            $told = Guarded::unexpected(Language::text('verb_' . $function), $thrown);
        }
        // The client reads this text as well: the reason is the staff's.
        $forClient = Language::text(($hasNone ?? false) ? 'client_sign_on_none' : 'client_sign_on_failed');
        return ['success' => false, 'errorMsg' => Actor::isAdmin() ? $told : $forClient];
    }
}
